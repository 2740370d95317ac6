import Doge
import Records
import Tokenization

/// Computes a shard whose texts need one pass each: labels, vectors, log-probabilities.
///
/// Runs on the engine's thread. A record that cannot be answered gets an error answer in its place.
struct ShardComputation {
    let model: LoadedModel
    let options: TaskOptions
    /// Whether the shard is not wanted any more; asked between slices.
    let isCancelled: () -> Bool
    /// Told how many records and tokens are done.
    let progressed: (Int, Int) -> Void

    /// Tokens that are handed to the engine at once: enough to pack well, few enough to stop soon.
    private static let sliceTokens = 32_768

    /// The outcomes of the slots that are ready, in their order; nil where it was cancelled.
    func run(_ slots: [ShardSlot]) throws(EngineError) -> [Outcome]? {
        let sequences = slots.compactMap { slot -> [Int32]? in
            if case .ready(_, let encoding) = slot { encoding.ids } else { nil }
        }
        // Longest records first, so that batches are of like lengths.
        let order = sequences.indices.sorted { left, right in
            let (a, b) = (sequences[left].count, sequences[right].count)
            return a != b ? a > b : left < right
        }
        var outcomes = [Outcome](repeating: .labels([]), count: sequences.count)
        var start = 0
        var tokensDone = 0
        let failures = slots.count - sequences.count
        while start < order.count {
            if isCancelled() { return nil }
            var end = start
            var tokens = 0
            while end < order.count, tokens < Self.sliceTokens {
                tokens += sequences[order[end]].count
                end += 1
            }
            try compute(Array(order[start..<end]), of: sequences, into: &outcomes)
            start = end
            tokensDone += tokens
            progressed(failures + start, tokensDone)
        }
        return outcomes
    }

    /// Computes some sequences; one that cannot be computed is left out, the others are not.
    private func compute(
        _ indices: [Int],
        of sequences: [[Int32]],
        into outcomes: inout [Outcome]
    ) throws(EngineError) {
        var indices = indices
        while !indices.isEmpty {
            do throws(EngineError) {
                let made = try self.outcomes(of: indices.map { sequences[$0] })
                for (index, outcome) in zip(indices, made) { outcomes[index] = outcome }
                return
            } catch {
                guard let place = error.sequence else { throw error }
                outcomes[indices.remove(at: place)] = .failed(error)
            }
        }
    }

    private func outcomes(of sequences: [[Int32]]) throws(EngineError) -> [Outcome] {
        let engine = model.engine
        switch options.task {
        case .classify:
            return try engine.logits(of: sequences).map {
                .labels(engine.probabilities(fromLogits: $0))
            }
        case .embed:
            let pooling: Pooling =
                switch options.pooling {
                case .last: .last
                case .mean: .mean
                }
            return try engine.embeddings(of: sequences, pooling: pooling).map { .vector($0) }
        case .score: return try engine.logProbabilities(of: sequences).map { .logprobs($0) }
        case .generate: preconditionFailure("texts are generated from a feed")
        }
    }
}
