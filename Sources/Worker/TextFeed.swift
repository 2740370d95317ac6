import Doge
import Synchronization

/// Hands the records of shards to the engine's threads, one shard after the other without a pause.
///
/// While the last records of a shard are still growing, those of the next one join them. A thread
/// with nothing to do waits for the next shard as long as another thread still works.
final class TextFeed: GenerationSource {
    /// What the next request on the queue turned out to be.
    enum Opened {
        /// A shard of texts for the same model.
        case texts(TextShard)
        /// Answered or refused already.
        case settled
        /// For another model or another kind of work: the feed ends with what it has.
        case other
    }

    private let threads: Int
    private let queue: ComputeQueue
    private let open: @Sendable (ComputeRequest) -> Opened
    private let state: Mutex<State>

    private struct State {
        var shards: [TextShard]
        var idle = 0
        /// No shard comes any more.
        var isClosed = false
        /// All threads have nothing to do.
        var isFinished = false
        /// The request that closed the feed.
        var left: ComputeRequest?
        /// Every shard that is not complete, so that a failure can be told.
        var all: [TextShard]
        var leases: Set<UInt64>
    }

    init(
        _ first: TextShard,
        threads: Int,
        queue: ComputeQueue,
        open: @escaping @Sendable (ComputeRequest) -> Opened
    ) {
        self.threads = threads
        self.queue = queue
        self.open = open
        state = Mutex(State(shards: [first], all: [first], leases: [first.lease]))
    }

    /// What is to be served once the engine is done here.
    var left: ComputeRequest? { state.withLock { $0.left } }

    /// Every shard that was taken.
    var leases: Set<UInt64> { state.withLock { $0.leases } }

    /// Tells every shard that is not complete that the engine failed.
    func fail(_ error: EngineError) {
        for shard in state.withLock({ $0.all }) { shard.fail(error) }
    }

    func next(isIdle: Bool) -> GenerationTask? {
        while true {
            switch state.withLock({ move(&$0, isIdle: isIdle) }) {
            case .take(let task): return task
            case .goOn: return nil
            case .leave:
                for _ in 1..<threads { queue.wake() }
                return nil
            case .wait:
                queue.waitForNews()
                state.withLock { $0.idle -= 1 }
            }
        }
    }

    /// What a thread that asks for a text is to do.
    private enum Move {
        case take(GenerationTask)
        /// Work on what it has.
        case goOn
        /// Wait for news, counted as idle.
        case wait
        /// End its work, and see to it that those that wait end theirs.
        case leave
    }

    /// Looks for a text and counts who is idle in one step: a shard that comes between the two
    /// would be missed.
    private func move(_ state: inout State, isIdle: Bool) -> Move {
        if let task = task(&state) { return .take(task) }
        guard isIdle else { return .goOn }
        if state.isClosed || state.isFinished { return .leave }
        state.idle += 1
        state.isFinished = state.idle == threads
        return state.isFinished ? .leave : .wait
    }

    func close() {
        state.withLock {
            $0.isFinished = true
            $0.shards = []
        }
        for _ in 0..<threads { queue.wake() }
    }

    private func task(_ state: inout State) -> GenerationTask? {
        while true {
            while let shard = state.shards.first {
                if let task = shard.next() { return task }
                state.shards.removeFirst()
            }
            guard !state.isClosed, !state.isFinished, let request = queue.take() else {
                return nil
            }
            switch open(request) {
            case .settled: continue
            case .other:
                state.left = request
                state.isClosed = true
            case .texts(let shard):
                state.shards.append(shard)
                // Its request woke one thread, and there is work for all.
                for _ in 0..<state.idle { queue.wake() }
                state.all.removeAll(where: \.isSettled)
                state.all.append(shard)
                state.leases.insert(shard.lease)
            }
        }
    }
}
