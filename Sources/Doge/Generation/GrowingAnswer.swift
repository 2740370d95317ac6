/// One answer on its way: its past, and the token that comes next.
final class GrowingAnswer {
    let task: GenerationTask
    let sample: Int
    let cache: CachedSequence
    /// The token to be fed next.
    private(set) var next: Int32 = 0
    private var produced = 0
    /// Nil where the best token is taken each time.
    private var stream: RandomStream?
    /// Tokens that occurred, where a penalty asks for them.
    private var seen: Set<Int32> = []

    init(_ task: GenerationTask, sample: Int, cache: CachedSequence) {
        self.task = task
        self.sample = sample
        self.cache = cache
        guard case .chosen(let choosing) = task.continuation else { return }
        if choosing.parameters.temperature > 0 {
            stream = RandomStream(
                seed: choosing.seed,
                record: choosing.record,
                sample: UInt64(sample)
            )
        }
        if choosing.parameters.repetitionPenalty != 1 { seen = Set(task.prompt) }
    }

    /// Decides on the next token by the logits at the last one, and tells the observer.
    ///
    /// `logSumExp` is that of the logits, which are changed by a penalty.
    ///
    /// - Returns: whether the answer goes on.
    func take(_ logits: UnsafeMutableBufferPointer<Float>, logSumExp: Float) -> Bool {
        switch task.continuation {
        case .given(let texts):
            let text = texts[sample]
            let token = text[produced]
            let value = logits[Int(token)] - logSumExp
            return push(
                GeneratedToken(token: token, logProbability: value, alternatives: []),
                isEnd: false,
                most: text.count
            )
        case .chosen(let choosing):
            let token = choose(choosing, logits, logSumExp)
            return push(
                token,
                isEnd: choosing.endTokens.contains(token.token),
                most: choosing.tokensMax
            )
        }
    }

    private func choose(
        _ choosing: GenerationTask.Choosing,
        _ logits: UnsafeMutableBufferPointer<Float>,
        _ logSumExp: Float
    ) -> GeneratedToken {
        let parameters = choosing.parameters
        let best = Sampler.best(choosing.alternatives ?? 0, of: UnsafeBufferPointer(logits))
        let before = choosing.alternatives == nil ? nil : LogitsBefore(logits, seen, parameters)
        if parameters.repetitionPenalty != 1 {
            Sampler.penalize(logits, seen: seen, penalty: parameters.repetitionPenalty)
        }
        let left = UnsafeBufferPointer(logits)
        let token =
            if let uniform = stream?.next() {
                Sampler.draw(Sampler.distribution(left, parameters), at: uniform)
            } else {
                Sampler.best(left)
            }
        let value = before.map { ($0[token] ?? logits[Int(token)]) - logSumExp }
        if parameters.repetitionPenalty != 1 { seen.insert(token) }
        return GeneratedToken(
            token: token,
            logProbability: value,
            alternatives: best.map {
                .init(token: $0.token, logProbability: $0.logit - logSumExp)
            }
        )
    }

    private func push(_ token: GeneratedToken, isEnd: Bool, most: Int) -> Bool {
        produced += 1
        next = token.token
        let goesOn = task.observer.took(token, sample: sample)
        let end: GenerationEnd? =
            isEnd ? .endToken : !goesOn ? .stopped : produced == most ? .length : nil
        if let end { task.observer.ended(end, sample: sample) }
        return end == nil
    }
}

/// What a penalty changes, as it was.
private struct LogitsBefore {
    private var values: [Int32: Float] = [:]

    init(
        _ logits: UnsafeMutableBufferPointer<Float>,
        _ seen: Set<Int32>,
        _ parameters: SamplingParameters
    ) {
        guard parameters.repetitionPenalty != 1 else { return }
        for token in seen { values[token] = logits[Int(token)] }
    }

    subscript(token: Int32) -> Float? { values[token] }
}
