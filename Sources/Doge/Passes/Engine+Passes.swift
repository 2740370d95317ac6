import Glibc
import Synchronization

/// How the hidden states of a text become one row.
package enum Pooling: String, Sendable, Codable, CaseIterable {
    /// That of the last token.
    case last
    /// The mean over all tokens.
    case mean
}

extension Engine {
    /// The logits, one per label, of each sequence in the order given.
    ///
    /// Blocks the calling thread. Not finite where the weights overflow f32. `completed` is told
    /// the index of each sequence as it is done, on a thread of the team. Throws before any work
    /// where a sequence is empty or holds an unknown token. The model has a classification head.
    package func logits(
        of sequences: [[Int32]],
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        let pad = model.configuration.padTokenID
        return try run(sequences, completed) { tokens in
            // The rightmost token that is not padding; the first if all are.
            let scored = pad.map { pad in tokens.lastIndex { $0 != pad } ?? 0 } ?? tokens.count - 1
            return scored..<scored + 1
        } answer: { evaluator, segment, tokens, wanted in
            evaluator.classify(wanted.lowerBound, of: segment)
        }
    }

    /// What the logits of one sequence say: softmax, sigmoids or themselves, by problem type.
    package func probabilities(fromLogits logits: [Float]) -> [Float] {
        switch model.configuration.problemType {
        case .regression: logits
        case .multiLabel: logits.map { 1 / (1 + expf(-$0)) }
        case .singleLabel: Self.softmax(logits)
        }
    }

    /// Shares of e^x in their sum.
    package static func softmax(_ x: [Float]) -> [Float] {
        let largest = x.max() ?? 0
        let weights = x.map { expf($0 - largest) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// The hidden states after the last norm, pooled, of each sequence: (hidden).
    ///
    /// As `logits`; every model has them.
    package func embeddings(
        of sequences: [[Int32]],
        pooling: Pooling,
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        try run(sequences, completed) { tokens in
            pooling == .mean ? 0..<tokens.count : tokens.count - 1..<tokens.count
        } answer: { evaluator, segment, tokens, wanted in
            evaluator.meanState(wanted, of: segment)
        }
    }

    /// The log-probability of each token after the first, by one full pass over each sequence.
    ///
    /// As `logits`. With experts in transformers' layout they are no causal probabilities, as a
    /// token's experts depend on what follows. The model has a language head.
    package func logProbabilities(
        of sequences: [[Int32]],
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        try run(sequences, completed) { tokens in
            0..<tokens.count - 1
        } answer: { evaluator, segment, tokens, wanted throws(PassFailure) in
            var values = [Float](repeating: 0, count: wanted.count)
            let rows = wanted.map { Evaluator.Row(segment: segment, position: $0) }
            try evaluator.languageLogits(rows) { index, logits in
                let sum = evaluator.logSumExp(logits)
                values[index] = logits[Int(tokens[index + 1])] - sum
            }
            return values
        }
    }

    /// Runs all sequences in batches; `answer` makes the numbers of one from its wanted rows.
    private func run(
        _ sequences: [[Int32]],
        _ completed: (@Sendable (Int) -> Void)?,
        wanted: ([Int32]) -> Range<Int>,
        answer: @escaping PassJob.Answer
    ) throws(EngineError) -> [[Float]] {
        try validate(sequences)
        guard !sequences.isEmpty else { return [] }
        let segments = sequences.map { Segment(tokens: $0, wanted: wanted($0), cache: nil) }
        let batches = Batch.plan(sequences)
        let job = PassJob(segments, batches, completed: completed, answer: answer)
        perform { job.work($0) }
        if let failure = job.failure.withLock({ $0 }) { throw failure }
        return job.results
    }
}

/// One call's batches, taken by the threads one after another, and where the answers go.
private final class PassJob: @unchecked Sendable {  // each answer is written by one thread
    /// The numbers of a sequence, from the evaluator that ran it, its place in the batch, its
    /// tokens and the positions that were wanted.
    typealias Answer =
        @Sendable (Evaluator, Int, [Int32], Range<Int>) throws(PassFailure) -> [Float]

    let failure = Mutex<EngineError?>(nil)
    private let segments: [Segment]
    private let batches: [Batch]
    private let completed: (@Sendable (Int) -> Void)?
    private let answer: Answer
    private let answers: UnsafeMutableBufferPointer<[Float]>  // (sequences)
    private let next = Atomic(0)

    init(
        _ segments: [Segment],
        _ batches: [Batch],
        completed: (@Sendable (Int) -> Void)?,
        answer: @escaping Answer
    ) {
        self.segments = segments
        self.batches = batches
        self.completed = completed
        self.answer = answer
        answers = .allocate(capacity: segments.count)
        answers.initialize(repeating: [])
    }

    deinit {
        answers.deinitialize()
        answers.deallocate()
    }

    var results: [[Float]] { Array(answers) }

    /// Runs batches until none is left or one has failed.
    func work(_ evaluator: Evaluator) {
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < batches.count, failure.withLock({ $0 == nil }) else { return }
            let members = batches[number].members
            do throws(PassFailure) {
                try evaluator.forward(members.map { segments[$0] })
                for (place, index) in members.enumerated() {
                    let segment = segments[index]
                    answers[index] =
                        try answer(evaluator, place, segment.tokens, segment.wanted)
                }
            } catch {
                let failed = EngineError(
                    error,
                    index: members[0],
                    segments[members[0]].tokens.count
                )
                failure.withLock { $0 = $0 ?? failed }
                return
            }
            guard let completed else { continue }
            for index in members { completed(index) }
        }
    }
}
