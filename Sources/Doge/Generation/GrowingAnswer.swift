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
        if choosing.parameters.repetitionPenalty != 1 {
            seen.reserveCapacity(task.prompt.count + choosing.tokensMax)
            seen.formUnion(task.prompt)
        }
    }

    /// Decides on the next token by the logits at the last one, and tells the observer.
    ///
    /// - Parameters:
    ///   - logits: all finite; a penalty changes them.
    ///   - best: the token with the largest.
    /// - Returns: whether the answer goes on.
    func take(
        _ logits: UnsafeMutableBufferPointer<Float>,
        best: Int32,
        _ sampler: inout Sampler
    ) -> Bool {
        switch task.continuation {
        case .given(let texts):
            let text = texts[sample]
            let token = text[produced]
            let value = logits[Int(token)] - sampler.logSumExp(UnsafeBufferPointer(logits))
            return push(
                GeneratedToken(token: token, logProbability: value, alternatives: []),
                isEnd: false,
                most: text.count
            )
        case .chosen(let choosing):
            let token = choose(choosing, logits, best, &sampler)
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
        _ best: Int32,
        _ sampler: inout Sampler
    ) -> GeneratedToken {
        let parameters = choosing.parameters
        let left = UnsafeBufferPointer(logits)
        guard let count = choosing.alternatives else {
            let token = decide(parameters, logits, best, &sampler)
            return GeneratedToken(token: token, logProbability: nil, alternatives: [])
        }
        let logSumExp = sampler.logSumExp(left)
        let alternatives = sampler.best(count, of: left).map {
            GeneratedToken.Candidate(token: $0.token, logProbability: $0.logit - logSumExp)
        }
        let token = decide(parameters, logits, best, &sampler)
        let logit = sampler.unpenalizedLogit(of: token) ?? logits[Int(token)]
        return GeneratedToken(
            token: token,
            logProbability: logit - logSumExp,
            alternatives: alternatives
        )
    }

    /// The next token, by penalty, temperature and filters.
    private func decide(
        _ parameters: SamplingParameters,
        _ logits: UnsafeMutableBufferPointer<Float>,
        _ best: Int32,
        _ sampler: inout Sampler
    ) -> Int32 {
        let left = UnsafeBufferPointer(logits)
        let hasPenalty = parameters.repetitionPenalty != 1
        sampler.penalize(logits, seen: seen, penalty: parameters.repetitionPenalty)
        let token =
            if let uniform = stream?.next() {
                sampler.draw(left, parameters, at: uniform)
            } else {
                hasPenalty ? sampler.best(left) : best
            }
        if hasPenalty { seen.insert(token) }
        return token
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
