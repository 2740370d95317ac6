import Synchronization

/// Which numbers one pass over a text is to give.
package enum PassTask: Sendable, Equatable {
    /// The logits of a classification head, one per label.
    case logits
    /// The hidden states after the last norm, pooled: (hidden).
    case embedding(Pooling)
    /// The log-probability of each token after the first.
    case logProbabilities

    /// The positions of a text whose hidden states are asked for.
    func wanted(_ tokens: [Int32], _ configuration: DogeConfiguration) -> Range<Int> {
        let last = tokens.count - 1
        switch self {
        case .logits:
            // The rightmost token that is not padding; the first if all are.
            let pad = configuration.padTokenID
            let scored = pad.map { pad in tokens.lastIndex { $0 != pad } ?? 0 } ?? last
            return scored..<scored + 1
        case .embedding(.mean): return 0..<tokens.count
        case .embedding(.last): return last..<tokens.count
        case .logProbabilities: return 0..<last
        }
    }

    /// The numbers of the segment at a place of the pass that the evaluator has just run.
    func numbers(
        _ evaluator: Evaluator,
        _ place: Int,
        _ segment: Segment
    ) throws(PassFailure) -> [Float] {
        let wanted = segment.wanted
        switch self {
        case .logits: return evaluator.classify(wanted.lowerBound, of: place)
        case .embedding: return evaluator.meanState(wanted, of: place)
        case .logProbabilities:
            var values = [Float](repeating: 0, count: wanted.count)
            let rows = wanted.map { Evaluator.Row(segment: place, position: $0) }
            try evaluator.languageLogits(rows) { index, logits in
                let sum = evaluator.kernels.logSumExp(UnsafeBufferPointer(logits))
                values[index] = logits[Int(segment.token(at: index + 1))] - sum
            }
            return values
        }
    }
}

/// A batch of texts for one pass, and who waits for their numbers.
package struct PassWork: Sendable {
    /// What became of each text of a batch, in its order; an error's index is the place there.
    package typealias Outcome = Result<[Float], EngineError>

    let texts: [[Int32]]
    let task: PassTask
    let finished: @Sendable ([Outcome]) -> Void

    /// A batch of texts, cut by `Batch.plan`.
    ///
    /// - Parameters:
    ///   - texts: each of at least one token, all of the vocabulary.
    ///   - finished: told every outcome, once, on a thread of the team; never where the engine
    ///     itself fails.
    package init(
        texts: [[Int32]],
        task: PassTask,
        finished: @escaping @Sendable ([Outcome]) -> Void
    ) {
        self.texts = texts
        self.task = task
        self.finished = finished
    }

    /// Runs the texts; the longest is given up alone where there is no memory for all.
    func run(_ evaluator: Evaluator) throws(EngineError) {
        let segments = texts.map { tokens in
            let wanted = task.wanted(tokens, evaluator.model.configuration)
            return Segment(tokens: tokens, wanted: wanted, cache: nil)
        }
        var outcomes = [Outcome](repeating: .success([]), count: texts.count)
        var left = Array(texts.indices)
        while let longest = left.max(by: { texts[$0].count < texts[$1].count }) {
            do throws(PassFailure) {
                try evaluator.forward(left.map { segments[$0] })
                for (place, index) in left.enumerated() {
                    outcomes[index] = .success(
                        try task.numbers(evaluator, place, segments[index])
                    )
                }
                break
            } catch {
                let failure = EngineError(error, index: longest, texts[longest].count)
                guard failure.sequence != nil else { throw failure }
                outcomes[longest] = .failure(failure)
                left.removeAll { $0 == longest }
            }
        }
        finished(outcomes)
    }
}

/// Where an engine's threads take their batches from; called on any of them.
package protocol PassSource: Sendable {
    /// The next batch; nil ends the thread's work. It may keep the thread waiting.
    func next() -> PassWork?
    /// A thread has failed: whoever is kept waiting must go on, and no more batches are wanted.
    func close()
}

extension Engine {
    /// Runs batches until the source has no more, on every thread of the team.
    ///
    /// Blocks the calling thread. Throws where the engine itself fails, and then batches that were
    /// taken may have no outcome. The model has the head that the tasks need.
    package func run(from source: any PassSource) throws(EngineError) {
        let failure = PassFailureBox()
        perform { evaluator in
            do throws(EngineError) {
                while let work = source.next() { try work.run(evaluator) }
            } catch {
                failure.first.withLock { $0 = $0 ?? error }
                source.close()
            }
        }
        if let error = failure.first.withLock({ $0 }) { throw error }
    }
}

/// The first failure of a thread.
private final class PassFailureBox: Sendable {
    let first = Mutex<EngineError?>(nil)
}
