/// What a classification head's numbers mean.
package enum ProblemType: String, Sendable {
    /// Softmax over the labels.
    case singleLabel = "single_label_classification"
    /// A sigmoid for each label.
    case multiLabel = "multi_label_classification"
    /// The numbers as they are.
    case regression = "regression"
}

/// All of a checkpoint's configuration that changes a result.
package struct DogeConfiguration: Sendable {
    /// Names of the classes, in the order of the logits.
    package let labels: [String]
    /// Most tokens the model was trained for; longer sequences are allowed.
    package let maxPositionEmbeddings: Int
    /// What the logits mean.
    package let problemType: ProblemType
    /// The token passed over when the scored position is looked for, if any.
    package let padTokenID: Int32?
    /// Number of token ids.
    package let vocabularySize: Int
    /// Whether the embedding's rows also score the next token.
    package let tiesEmbeddings: Bool
    /// Name of the class that the checkpoint was saved from, if it says.
    package let architecture: String?
    /// The token that texts begin with, if any.
    package let beginTokenID: Int32?
    /// The tokens that end a text.
    package let endTokenIDs: [Int32]

    /// Numbers of a hidden state, and of an embedding.
    package let hiddenSize: Int
    /// Width inside the dense feed-forward part.
    package let intermediateSize: Int
    /// Layers.
    package let layerCount: Int
    /// Query heads.
    package let queryHeads: Int
    /// Key and value heads.
    package let keyHeads: Int
    /// Numbers of a head.
    package let headDimension: Int
    let epsilon: Float
    let attentionBias: Bool
    let mlpBias: Bool
    /// Most keys that a query keeps.
    package let keepWindow: Int
    /// Keys at this distance or more are hidden; nil where none is.
    package let slidingWindow: Int?
    let activation: Activation
    let rotary: Rotary
    let experts: ExpertConfiguration?

    /// What stands on top of the last norm, by the files and this configuration.
    func headKind(_ checkpoint: Checkpoint) -> HeadKind {
        let isClassifier =
            architecture == "DogeForSequenceClassification" || checkpoint.contains("score.weight")
        return isClassifier ? .classification : hasLanguageHead(checkpoint) ? .language : .none
    }

    /// Whether the next token can be scored, were there no other head.
    func hasLanguageHead(_ checkpoint: Checkpoint) -> Bool {
        checkpoint.contains("lm_head.weight")
            || tiesEmbeddings && architecture ?? "DogeForCausalLM" == "DogeForCausalLM"
    }

    /// Query heads that share a key and value head.
    var group: Int { queryHeads / keyHeads }
    var queryWidth: Int { queryHeads * headDimension }
    var keyWidth: Int { keyHeads * headDimension }
}

/// The experts beside the shared feed-forward part of every layer.
struct ExpertConfiguration {
    /// How the router's numbers are read.
    enum Layout: String {
        /// [S, 2K] read as [2, S, K], as transformers does: a token meets other tokens' halves.
        case transformers
        /// Each token reads its own two halves.
        case perToken = "per_token"
    }

    let count: Int
    let perToken: Int
    let layout: Layout

    /// Keys of each half: the largest whole number whose square does not exceed the count.
    var keys: Int {
        var root = Int(Double(count).squareRoot())
        while root * root > count { root -= 1 }
        while (root + 1) * (root + 1) <= count { root += 1 }
        return root
    }
}
