import Doge
import Platform
import Synchronization

/// Hands the work of shards to the engine's threads, one shard after the other without a pause.
///
/// While the last pieces of a shard are computed, those of the next one join them. A thread with
/// nothing to do waits for the next shard as long as another thread still works. A shard of another
/// kind or model stays in the queue, and the feed ends with what it has.
final class ShardFeed<Shard: FlowingShard>: Sendable {
    private let threads: Int
    private let queue: ReadyQueue
    private let model: ModelKey
    /// Nil in tests that compute with none.
    private let weights: DogeModel?
    private let state: Mutex<State>

    private struct State {
        /// Those that may have more to hand out.
        var shards: [Shard]
        /// Those that are not settled, so that a failure can be told.
        var all: [Shard]
        var idle = 0
        /// No shard comes any more.
        var isClosed = false
        /// All threads have nothing to do.
        var isFinished = false
        var stint: BusyStint
    }

    init(_ first: Shard, threads: Int, queue: ReadyQueue, weights: DogeModel? = nil) {
        self.threads = threads
        self.queue = queue
        self.weights = weights
        model = first.shard.model
        first.shard.begin(with: weights)
        let stint = BusyStint(at: MonotonicClock.nanoseconds(), threads: threads)
        state = Mutex(State(shards: [first], all: [first], stint: stint))
    }

    /// What the threads did, once the engine is done here.
    var stint: BusyStint { state.withLock { $0.stint } }

    /// Tells every shard that is not complete that the engine failed.
    func fail(_ error: EngineError) {
        for shard in state.withLock({ $0.all }) { shard.shard.fail(error) }
    }

    /// The next piece of work; nil where there is none now.
    ///
    /// - Parameter isIdle: the thread has nothing else to do: it may wait, and nil is the end.
    func next(isIdle: Bool) -> Shard.Work? {
        let asked = isIdle ? MonotonicClock.nanoseconds() : 0
        while true {
            switch state.withLock({ move(&$0, idleSince: isIdle ? asked : nil) }) {
            case .take(let work): return work
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

    /// A thread has failed and leaves: nothing more is handed out, and nobody waits.
    func close() {
        let now = MonotonicClock.nanoseconds()
        state.withLock {
            $0.isFinished = true
            $0.shards = []
            $0.stint.left(at: now)
        }
        for _ in 0..<threads { queue.wake() }
    }

    /// What a thread that asks for work is to do.
    private enum Move {
        case take(Shard.Work)
        /// Work on what it has.
        case goOn
        /// Wait for news, counted as idle.
        case wait
        /// End its work, and see to it that those that wait end theirs.
        case leave
    }

    /// Looks for work and counts who is idle in one step: a shard that comes between the two would
    /// be missed.
    private func move(_ state: inout State, idleSince: Nanoseconds?) -> Move {
        if let work = work(&state) {
            if let idleSince {
                state.stint.waited(from: idleSince, to: MonotonicClock.nanoseconds())
            }
            return .take(work)
        }
        guard let idleSince else { return .goOn }
        if !state.isClosed, !state.isFinished {
            state.idle += 1
            state.isFinished = state.idle == threads
            if !state.isFinished { return .wait }
        }
        state.stint.left(at: idleSince)
        return .leave
    }

    private func work(_ state: inout State) -> Shard.Work? {
        while true {
            while let shard = state.shards.first {
                if let work = shard.next() { return work }
                state.shards.removeFirst()
            }
            guard !state.isClosed, !state.isFinished else { return nil }
            switch queue.take(Shard.self, model: model) {
            case .none: return nil
            case .other: state.isClosed = true
            case .shard(let shard):
                shard.shard.begin(with: weights)
                state.shards.append(shard)
                // Its arrival woke one thread, and there is work for all.
                for _ in 0..<state.idle { queue.wake() }
                state.all.removeAll(where: \.shard.isSettled)
                state.all.append(shard)
            }
        }
    }
}

extension ShardFeed: GenerationSource where Shard == TextShard {}

extension ShardFeed: PassSource where Shard == PassShard {
    /// As `next(isIdle:)`: between two passes a thread has nothing else to do.
    func next() -> PassWork? { next(isIdle: true) }
}
