import CDogeKernels
import Glibc
import Synchronization

/// A team of threads, each with its own primitives and scratch, that classifies packed batches.
///
/// Every thread runs whole batches by itself. Calls from several threads take turns.
package final class Classifier: Sendable {
    private let model: DogeModel
    private let team: Team
    private let desk: Desk

    /// Where the caller leaves a job for the team.
    private final class Desk: Sendable {
        let job = Mutex<Job?>(nil)
        let turn = Mutex<Void>(())
    }

    /// Makes the threads and all that they need to run.
    package init(model: DogeModel, threads: Int) throws(ModelError) {
        precondition(threads > 0, "a classifier needs a thread")
        ck_use_one_openmp_thread()
        self.model = model
        let desk = Desk()
        self.desk = desk
        let evaluators = try (0..<threads).map { _ throws(ModelError) in
            try Evaluator(model: model)
        }
        team = try Team(count: threads) { number in
            desk.job.withLock { $0 }?.work(evaluators[number])
        }
    }

    /// The logits, one per label, of each sequence in the order given.
    ///
    /// Blocks the calling thread. The same bits whatever the neighbours, their order or the number
    /// of threads; not finite where the weights overflow f32. `completed` is told the index of each
    /// sequence as it is done, on a thread of the team. Throws before any work where a sequence is
    /// empty or holds an unknown token.
    package func logits(
        of sequences: [[Int32]],
        completed: (@Sendable (Int) -> Void)? = nil
    ) throws(EngineError) -> [[Float]] {
        try validate(sequences)
        guard !sequences.isEmpty else { return [] }
        let labels = model.configuration.labels.count
        let job = Job(
            sequences: sequences,
            batches: Batch.plan(sequences),
            labelCount: labels,
            completed: completed
        )
        desk.turn.withLock { _ in
            desk.job.withLock { $0 = job }
            team.run()
            desk.job.withLock { $0 = nil }
        }
        if let failure = job.failure.withLock({ $0 }) { throw failure }
        return sequences.indices.map { index in
            Array(UnsafeBufferPointer(start: job.logits + index * labels, count: labels))
        }
    }

    /// What the logits of one sequence say: softmax, sigmoids or themselves, by problem type.
    package func probabilities(fromLogits logits: [Float]) -> [Float] {
        switch model.configuration.problemType {
        case .regression: return logits
        case .multiLabel: return logits.map { 1 / (1 + expf(-$0)) }
        case .singleLabel:
            let largest = logits.max() ?? 0
            let weights = logits.map { expf($0 - largest) }
            let sum = weights.reduce(0, +)
            return weights.map { $0 / sum }
        }
    }

    private func validate(_ sequences: [[Int32]]) throws(EngineError) {
        let size = model.configuration.vocabularySize
        for (index, tokens) in sequences.enumerated() {
            guard !tokens.isEmpty else { throw .emptySequence(index: index) }
            let valid = 0..<Int32(size)
            guard let position = tokens.firstIndex(where: { !valid.contains($0) }) else { continue }
            throw .unknownToken(
                index: index,
                position: position,
                token: tokens[position],
                vocabularySize: size
            )
        }
    }
}

/// One call's batches, taken by the threads one after another, and where the answers go.
private final class Job: @unchecked Sendable {  // each sequence's logits are written by one thread
    let sequences: [[Int32]]
    let batches: [Batch]
    let completed: (@Sendable (Int) -> Void)?
    let logits: UnsafeMutablePointer<Float>  // (sequences, labels)
    let failure = Mutex<EngineError?>(nil)
    private let next = Atomic(0)

    init(
        sequences: [[Int32]],
        batches: [Batch],
        labelCount: Int,
        completed: (@Sendable (Int) -> Void)?
    ) {
        self.sequences = sequences
        self.batches = batches
        self.completed = completed
        logits = .allocate(capacity: sequences.count * labelCount)
        logits.initialize(repeating: 0, count: sequences.count * labelCount)
    }

    deinit { logits.deallocate() }

    /// Runs batches until none is left or one has failed.
    func work(_ evaluator: Evaluator) {
        while true {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < batches.count, failure.withLock({ $0 == nil }) else { return }
            do throws(EngineError) {
                try evaluator.run(batches[number], of: sequences, logits: logits)
            } catch {
                failure.withLock { $0 = $0 ?? error }
                return
            }
            guard let completed else { continue }
            for index in batches[number].members { completed(index) }
        }
    }
}
