/// What a model can be asked for, by what stands on top of its layers.
package enum ModelTask: String, Sendable {
    /// The label of a text, by a classification head.
    case classify
    /// What follows a text, by a language head.
    case generate
    /// How likely a text is, or each of some continuations, by a language head.
    case score
    /// The hidden states after the last norm; every model has them.
    case embed
}

/// What can stand on top of the last norm.
enum HeadKind {
    case none, classification, language

    /// What a model can be asked for, what it is most used for first.
    var tasks: [ModelTask] {
        switch self {
        case .none: [.embed]
        case .classification: [.classify, .embed]
        case .language: [.generate, .score, .embed]
        }
    }
}
