import CDogeKernels
import Synchronization

/// A team of threads, each with its own primitives and scratch, that computes with one model.
///
/// Every thread runs whole batches by itself. Calls from several threads take turns. A sequence's
/// numbers are the same bits whatever its neighbours, their order or the number of threads.
package final class Engine: Sendable {
    /// The model that all threads share.
    package let model: DogeModel

    private let team: Team
    private let desk: Desk

    /// Where the caller leaves work for the team.
    private final class Desk: Sendable {
        let work = Mutex<(@Sendable (Evaluator) -> Void)?>(nil)
        let turn = Mutex<Void>(())
    }

    /// Bytes of keys and values that all threads keep together, unless told otherwise.
    package static let cacheBytesDefault = 2 << 30

    /// Makes the threads and all that they need to run.
    ///
    /// - Parameter cacheBytes: most bytes of keys and values that all threads together keep while
    ///   they generate; memory is taken as it is needed.
    package init(
        model: DogeModel,
        threads: Int,
        cacheBytes: Int = Engine.cacheBytesDefault
    ) throws(ModelError) {
        precondition(threads > 0, "an engine needs a thread")
        ck_use_one_openmp_thread()
        self.model = model
        let desk = Desk()
        self.desk = desk
        let evaluators = try (0..<threads).map { _ throws(ModelError) in
            try Evaluator(model: model, cacheBytes: cacheBytes / threads)
        }
        team = try Team(count: threads) { number in
            desk.work.withLock { $0 }?(evaluators[number])
        }
    }

    /// Has every thread do the work once, and waits; one call at a time.
    func perform(_ work: @escaping @Sendable (Evaluator) -> Void) {
        desk.turn.withLock { _ in
            desk.work.withLock { $0 = work }
            team.run()
            desk.work.withLock { $0 = nil }
        }
    }

    /// Refuses sequences that are empty or hold an unknown token.
    func validate(_ sequences: [[Int32]]) throws(EngineError) {
        for (index, tokens) in sequences.enumerated() {
            try model.configuration.check(tokens, index: index)
        }
    }
}

extension DogeConfiguration {
    /// Refuses a sequence that is empty or holds an unknown token; `index` is for the error.
    package func check(_ tokens: [Int32], index: Int = 0) throws(EngineError) {
        guard !tokens.isEmpty else { throw .emptySequence(index: index) }
        let valid = 0..<Int32(vocabularySize)
        guard let position = tokens.firstIndex(where: { !valid.contains($0) }) else { return }
        throw .unknownToken(
            index: index,
            position: position,
            token: tokens[position],
            vocabularySize: vocabularySize
        )
    }
}
