/// A token of an answer.
package struct GeneratedToken: Equatable, Sendable {
    /// A token of the vocabulary and the logarithm of its probability.
    package struct Candidate: Equatable, Sendable {
        /// Its id.
        package let token: Int32
        /// Natural logarithm of the model's own probability, before temperature and filters.
        package let logProbability: Float
    }

    /// Its id.
    package let token: Int32
    /// Natural logarithm of the model's own probability; nil where nobody asked.
    package let logProbability: Float?
    /// The likeliest tokens at this place, best first; as many as were asked for.
    package let alternatives: [Candidate]
}

/// Why an answer ended.
package enum GenerationEnd: Equatable, Sendable {
    /// The model chose a token that ends a text.
    case endToken
    /// The observer wanted no more.
    case stopped
    /// All tokens that were asked for are there.
    case length
}

/// Hears of one text's answers as they grow; called on one thread of the engine's at a time.
package protocol GenerationObserver: AnyObject, Sendable {
    /// Whether anybody still waits; asked before every token.
    var isWanted: Bool { get }
    /// Takes the next token of a sample; false ends the sample.
    func took(_ token: GeneratedToken, sample: Int) -> Bool
    /// A sample is complete.
    func ended(_ end: GenerationEnd, sample: Int)
    /// The text has no answers; no call follows.
    func failed(_ error: EngineError)
}

/// A text to be continued.
package struct GenerationTask: Sendable {
    /// What follows the text.
    package enum Continuation: Sendable {
        /// What the model chooses.
        case chosen(Choosing)
        /// Each of these, whose tokens' log-probabilities are asked for; none is empty.
        case given([[Int32]])
    }

    /// How the model's answers are made.
    package struct Choosing: Sendable {
        /// How each token is chosen.
        package var parameters = SamplingParameters()
        /// Answers wanted, each with a random stream of its own.
        package var samples = 1
        /// Most tokens of an answer, at least 1.
        package var tokensMax: Int
        /// Tokens that end an answer; they are its last token.
        package var endTokens: Set<Int32> = []
        /// Likeliest tokens named beside each token; nil: no log-probabilities at all.
        package var alternatives: Int?
        /// The job's seed and the record's number in it: with the sample's, the random stream's.
        package var seed: UInt64 = 0
        package var record: UInt64 = 0

        /// Greedy, one answer.
        package init(tokensMax: Int) { self.tokensMax = tokensMax }
    }

    /// The text, at least one token.
    package let prompt: [Int32]
    /// What follows it.
    package let continuation: Continuation
    /// Who waits for the answers.
    package let observer: any GenerationObserver

    /// A text with somebody who waits for what follows it.
    package init(
        prompt: [Int32],
        continuation: Continuation,
        observer: any GenerationObserver
    ) {
        self.prompt = prompt
        self.continuation = continuation
        self.observer = observer
    }

    /// Answers wanted.
    var sampleCount: Int {
        switch continuation {
        case .chosen(let choosing): choosing.samples
        case .given(let texts): texts.count
        }
    }

    /// Tokens that the longest answer may put into the cache: the last one is never put there.
    var tokensMax: Int {
        switch continuation {
        case .chosen(let choosing): prompt.count + choosing.tokensMax - 1
        case .given(let texts): prompt.count + (texts.map(\.count).max() ?? 1) - 1
        }
    }
}

/// Where an engine's threads take their texts from; called on any of them.
package protocol GenerationSource: Sendable {
    /// The next text; nil where there is none now.
    ///
    /// - Parameter isIdle: the thread has nothing else to do. It may be kept waiting then, and ends
    ///   its work on nil.
    func next(isIdle: Bool) -> GenerationTask?
    /// A thread has failed: whoever is kept waiting must go on, and no more texts are wanted.
    func close()
}

extension GenerationSource {
    /// Right for a source that keeps nobody waiting.
    package func close() {}
}
