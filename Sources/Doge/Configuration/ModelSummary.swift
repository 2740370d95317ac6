import CDogeKernels

/// What people want to know of a model, from its configuration and the headers of its weights.
///
/// No weight is read, but for an embedding and a head that are tied and stored both.
package struct ModelSummary: Sendable {
    /// The experts beside the feed-forward part of every layer.
    package struct Experts: Equatable, Sendable {
        /// As the configuration counts them.
        package let count: Int
        /// Those that a pair of keys can name.
        package let reachable: Int
        /// Consulted by each token.
        package let perToken: Int
        /// How the router's numbers are read: transformers or per_token.
        package let layout: String
    }

    /// What config.json says.
    package let configuration: DogeConfiguration
    /// What the model can be asked for, what it is most used for first.
    package let tasks: [ModelTask]
    /// The rotary type as the configuration names it.
    package let rotary: String
    /// The base of the rotary frequencies.
    package let rotaryTheta: Double
    /// The numbers of the rotary type, by the names that they have in a configuration.
    package let rotaryNumbers: [String: Double]
    /// The activation as the configuration names it.
    package let activation: String
    /// Nil for a dense model.
    package let experts: Experts?
    /// Numbers that training moves, tied ones counted once, as transformers counts.
    package let parameters: Int
    /// The same without the experts that a token does not consult.
    package let activeParameters: Int
    /// Tensors in the files.
    package let tensors: Int
    /// Types in which they are stored, and how many tensors of each.
    package let storedTypes: [String: Int]
    /// Bytes of the weights files.
    package let fileBytes: Int
    /// Bytes of the weights as the engine holds them in each type: packed matrices, tables, and the
    /// language head beside the embeddings that it may be tied to.
    package let weightBytes: [DataType: Int]
    /// Bytes of keys, values and dt for each token of a text that grows, in each type.
    package let cacheBytesPerToken: [DataType: Int]
    /// The same for one text of all positions, in whole pages and no longer than a window.
    package let cacheBytesPerText: [DataType: Int]

    /// Reads `directory`; refuses what cannot be a model, for want of a head or a layer too.
    package init(directory: String) throws(ModelError) {
        let c = try DogeConfiguration(directory: directory)
        let checkpoint = try Checkpoint(directory: directory)
        try Self.checkNames(c, checkpoint)
        let kind = c.headKind(checkpoint)
        tasks = kind.tasks
        let isLanguageModel = kind == .language
        configuration = c
        rotary = c.rotary.kind.name
        (rotaryTheta, rotaryNumbers) = (c.rotary.theta, c.rotary.numbers)
        activation = c.activation.name
        experts = c.experts.map {
            Experts(
                count: $0.count,
                reachable: $0.keys * $0.keys,
                perToken: $0.perToken,
                layout: $0.layout.rawValue
            )
        }
        let all = checkpoint.tensors
        let embedding = checkpoint.bodyPrefix + "embed_tokens.weight"
        let isStoredTwice = c.tiesEmbeddings && checkpoint.areSame(embedding, Self.head)
        // A head counts where it is used: by a language model, or in the embedding's place.
        let usesHead = isLanguageModel && !isStoredTwice || !checkpoint.contains(embedding)
        let trained = all.filter {
            !Self.isConstant($0.name) && (usesHead || $0.name != Self.head)
        }
        parameters = trained.reduce(0) { $0 + $1.entry.elements }
        let tables = trained.filter { Self.isExpertTable($0.name) }
        let idle = tables.reduce(0) { sum, tensor in
            let rows = tensor.entry.shape.first ?? 0
            let width = tensor.entry.elements / max(1, rows)
            return sum + max(0, rows - (c.experts?.perToken ?? 0)) * width
        }
        activeParameters = parameters - idle
        tensors = all.count
        storedTypes = Dictionary(grouping: all, by: \.entry.type.rawValue).mapValues(\.count)
        fileBytes = checkpoint.byteCount
        // Two that differ are not tied, as in transformers; each has been counted.
        let areTwo = checkpoint.contains(embedding) && checkpoint.contains(Self.head)
        let hasSharedHead = isLanguageModel && c.tiesEmbeddings && (isStoredTwice || !areTwo)
        var held = HeldNumbers()
        for tensor in trained {
            let isTable = tensor.name == Self.head && !checkpoint.contains(embedding)
            held.add(tensor.name, tensor.entry.shape, isTable: isTable)
        }
        if hasSharedHead { held.add(Self.head, [c.vocabularySize, c.hiddenSize]) }
        let types = DataType.allCases.map { ($0, held.bytes($0)) }
        weightBytes = Dictionary(uniqueKeysWithValues: types)
        let page = Dictionary(
            uniqueKeysWithValues: DataType.allCases.map {
                ($0, PagePool.pageBytes(c, $0.fineFormat))
            }
        )
        cacheBytesPerToken = page.mapValues { $0 / PagePool.slots }
        let pages = CachedSequence.pageCount(c, tokens: c.maxPositionEmbeddings)
        cacheBytesPerText = page.mapValues { pages * $0 }
    }

    private static func isExpertTable(_ name: String) -> Bool {
        name.hasSuffix("mlp.down_embed.weight") || name.hasSuffix("mlp.up_embed.weight")
    }

    /// Whether a tensor is none that training moves.
    private static func isConstant(_ name: String) -> Bool {
        name.hasSuffix("act_fn.beta") || name.hasSuffix("act_fn.eps")
            || name.hasSuffix("rotary_emb.inv_freq")
    }

    private static let head = "lm_head.weight"

    /// Refuses a classifier without its head, and fewer layers than the configuration counts.
    private static func checkNames(
        _ c: DogeConfiguration,
        _ checkpoint: Checkpoint
    ) throws(ModelError) {
        if c.headKind(checkpoint) == .classification { try checkpoint.require("score.weight") }
        for layer in 0..<c.layerCount {
            try checkpoint.require(
                "\(checkpoint.bodyPrefix)layers.\(layer).input_layernorm.weight"
            )
        }
    }
}

extension TensorEntry {
    /// Numbers of the tensor.
    fileprivate var elements: Int { shape.reduce(1, *) }
}

extension Rotary {
    /// The type's numbers; of longrope's many factors the largest.
    fileprivate var numbers: [String: Double] {
        var numbers: [String: Double] =
            switch kind {
            case .plain: [:]
            case .linear(let factor), .dynamic(let factor, _): ["factor": factor]
            case .yarn(let yarn):
                [
                    "factor": yarn.factor, "beta_fast": yarn.betaFast, "beta_slow": yarn.betaSlow,
                    "original_max_position_embeddings": yarn.original,
                ]
            case .longrope(let short, let long, let original):
                [
                    "largest_short_factor": short.max() ?? 1,
                    "largest_long_factor": long.max() ?? 1,
                    "original_max_position_embeddings": original,
                ]
            case .llama3(let factor, let low, let high, let original):
                [
                    "factor": factor, "low_freq_factor": low, "high_freq_factor": high,
                    "original_max_position_embeddings": original,
                ]
            case .proportional(let factor, let rotated):
                ["factor": factor, "rotated_pairs": Double(rotated)]
            }
        if attentionFactor != 1 { numbers["attention_factor"] = attentionFactor }
        return numbers
    }
}

extension Rotary.Kind {
    /// The type's name in a configuration.
    fileprivate var name: String {
        switch self {
        case .plain: "default"
        case .linear: "linear"
        case .dynamic: "dynamic"
        case .yarn: "yarn"
        case .longrope: "longrope"
        case .llama3: "llama3"
        case .proportional: "proportional"
        }
    }
}

extension Activation {
    /// The shortest of the names that configurations use.
    fileprivate var name: String {
        Activation.byName.filter { $0.value == self }.map(\.key)
            .min { ($0.count, $0) < ($1.count, $1) } ?? "unknown"
    }
}
