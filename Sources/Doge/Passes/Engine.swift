import CDogeKernels
import Synchronization

/// Replicas that compute with one model, each on a thread of its own and its crew.
///
/// A replica runs whole batches by itself. Calls from several threads take turns. A sequence's
/// numbers are the same bits whatever its neighbours, their order or the layout.
package final class Engine: Sendable {
    /// The model that all threads share.
    package let model: DogeModel
    /// How its threads share the work.
    package let layout: EngineLayout
    /// Tokens that a replica takes through the layers together, unless one text is longer.
    let batchTokens: Int

    /// Which cores its threads shall keep to.
    let placement: Placement
    /// Why that is not quite so, a sentence with the remedy; nil where it is.
    package let placementFailure: String?
    /// Where its threads and weights are, and why: what came of the placement.
    package var placementSentence: String { placementFailure ?? placement.reason }

    private let team: Team
    private let desk: Desk
    private let evaluators: [Evaluator]  // (replicas)

    /// Where the caller leaves work for the team.
    private final class Desk: Sendable {
        /// Called with the number of a replica, on its thread.
        let work = Mutex<(@Sendable (Int) -> Void)?>(nil)
        let turn = Mutex<Void>(())

        /// Has every thread of the team do the work once, and waits.
        func run(_ team: Team, _ work: @escaping @Sendable (Int) -> Void) {
            turn.withLock { _ in
                self.work.withLock { $0 = work }
                team.run()
                self.work.withLock { $0 = nil }
            }
        }
    }

    /// Bytes of keys and values that all threads keep together, unless told otherwise.
    package static let cacheBytesDefault = 2 << 30

    /// An engine whose replicas have a thread each.
    package convenience init(
        model: DogeModel,
        threads: Int,
        cacheBytes: Int = Engine.cacheBytesDefault
    ) throws(ModelError) {
        let layout = EngineLayout(replicas: threads, ranks: 1)
        try self.init(model: model, layout: layout, cacheBytes: cacheBytes)
    }

    /// Makes the threads and all that they need to run.
    ///
    /// - Parameters:
    ///   - cacheBytes: most bytes of keys and values that all replicas together keep while they
    ///     generate; memory is taken as it is needed.
    ///   - pinning: whether threads may be kept on cores, and weights near to them.
    ///   - batchTokens: that a replica takes through the layers together, as `Batch.tokens` has it.
    package init(
        model: DogeModel,
        layout: EngineLayout,
        cacheBytes: Int = Engine.cacheBytesDefault,
        pinning: Pinning = .off(.asked),
        batchTokens: Int = Batch.tokensUsual
    ) throws(ModelError) {
        self.model = model
        self.layout = layout
        self.batchTokens = batchTokens
        let placement = Placement(layout, pinning)
        self.placement = placement
        let desk = Desk()
        self.desk = desk
        team = try Team(count: layout.replicas) { number in desk.work.withLock { $0 }?(number) }
        let workshop = Workshop(
            model,
            layout,
            cacheBytes: cacheBytes,
            batchTokens: batchTokens,
            pinning,
            placement
        )
        desk.run(team) { workshop.makeEvaluator($0) }
        evaluators = try workshop.evaluators()
        placementFailure = workshop.bindWeights()
    }

    /// Passes that each replica has begun and ended, added up: odd while one runs; any thread.
    package var passCounts: [UInt64] { evaluators.map(\.passes.value) }

    /// Has every thread do the work once, and waits; one call at a time.
    func perform(_ work: @escaping @Sendable (Evaluator) -> Void) {
        desk.run(team) { [evaluators] number in work(evaluators[number]) }
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
