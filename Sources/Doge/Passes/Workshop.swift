import Platform
import Synchronization

/// Makes the replicas of an engine, each on its own thread, where the placement has them.
///
/// A thread's memory is near where it is first written: so a crew takes its seats first.
final class Workshop: Sendable {
    private let model: DogeModel
    private let layout: EngineLayout
    private let store: PageStore
    private let batchTokens: Int
    private let machine: Machine?
    private let placement: Placement
    private let state = Mutex(State())

    private struct State {
        var made: [Int: Result<Evaluator, ModelError>] = [:]
        /// The first of each that failed.
        var pinFailure: SystemCallError?
        var bindFailure: SystemCallError?
    }

    /// - Parameters:
    ///   - cacheBytes: of all replicas.
    ///   - batchTokens: that a replica takes through the layers together.
    init(
        _ model: DogeModel,
        _ layout: EngineLayout,
        cacheBytes: Int,
        batchTokens: Int,
        _ pinning: Pinning,
        _ placement: Placement
    ) {
        self.model = model
        self.layout = layout
        store = PagePool.store(
            model.configuration,
            model.dataType.fineFormat,
            byteBudget: cacheBytes,
            replicas: layout.replicas
        )
        self.batchTokens = batchTokens
        machine = pinning.machine
        self.placement = placement
    }

    /// Makes a replica; on the thread that will run it.
    func makeEvaluator(_ number: Int) {
        let made: Result<Evaluator, ModelError>
        do throws(ModelError) {
            let crew = try Crew(count: layout.ranks)
            seat(crew, number)
            let format = model.dataType.fineFormat
            let evaluator = try Evaluator(
                model: model,
                crew: crew,
                pool: PagePool(model.configuration, format, store, replica: number),
                batchTokens: batchTokens
            )
            made = .success(evaluator)
        } catch {
            made = .failure(error)
        }
        state.withLock { $0.made[number] = made }
    }

    /// The replicas in their order, once all are made; whoever takes them has the only ones.
    func evaluators() throws(ModelError) -> [Evaluator] {
        let made = state.withLock { state in
            defer { state.made = [:] }
            return state.made
        }
        return try (0..<layout.replicas).map { number throws(ModelError) in
            guard let evaluator = made[number] else { preconditionFailure("each thread makes one") }
            return try evaluator.get()
        }
    }

    /// Moves the weights to the ranks that read them, and tells in a sentence what went wrong with
    /// the placement, if anything did.
    func bindWeights() -> String? {
        if let machine, !placement.homes.isEmpty {
            do throws(SystemCallError) {
                try model.bind(to: placement.homes, on: machine)
            } catch {
                state.withLock { $0.bindFailure = error }
            }
        }
        let (pin, bind) = state.withLock { ($0.pinFailure, $0.bindFailure) }
        return placement.failure(pin: pin, bind: bind)
    }

    private func seat(_ crew: Crew, _ number: Int) {
        guard let machine, let cores = placement.seats?[number] else { return }
        let seating = Seating(machine, cores)
        crew.run(seating)
        guard let failure = seating.failure else { return }
        state.withLock { $0.pinFailure = $0.pinFailure ?? failure }
    }
}
