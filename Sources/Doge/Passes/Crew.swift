import Platform
import Synchronization

/// The threads that run each pass of a replica together: its owner's and `count - 1` of its own.
///
/// Between two passes the others sleep after a short while of spinning.
final class Crew: Sendable {
    /// Ranks of a pass.
    let count: Int
    private let state: State
    private let threads: [OSThread]

    /// What the ranks share; a class, so that the threads do not keep the crew alive.
    private final class State: Sendable {
        let count: Int
        let meeting: Meeting
        /// The pass at hand: what a rank runs; nil ends the threads.
        let work = Mutex<(@Sendable (Rank) -> Void)?>(nil)

        init(count: Int) {
            self.count = count
            meeting = Meeting(count: count)
        }

        /// The life of a rank's thread.
        func serve(_ number: Int) {
            while true {
                meeting.wait()
                guard let work = work.withLock({ $0 }) else { return }
                work(Rank(number: number, count: count, meeting: meeting))
                meeting.wait()
            }
        }
    }

    init(count: Int) throws(ModelError) {
        precondition(count > 0, "a crew has its owner's thread at least")
        self.count = count
        let state = State(count: count)
        self.state = state
        var threads: [OSThread] = []
        do throws(SystemCallError) {
            for number in 1..<max(1, count) {
                threads.append(try OSThread(oneOfMany: "rank \(number)") { state.serve(number) })
            }
        } catch {
            // Those that started wait for the rest, which never come.
            state.meeting.excuse(count - 1 - threads.count)
            state.meeting.wait()
            for thread in threads { thread.join() }
            throw .threads(wanted: count, started: threads.count, reason: error.reason)
        }
        self.threads = threads
    }

    deinit {
        state.meeting.wait()
        for thread in threads { thread.join() }
    }

    /// Has every rank run the work once, the calling thread as rank 0, and waits for all.
    ///
    /// One call at a time, from the replica's own thread. Whoever calls often keeps the closure, as
    /// making one allocates.
    func run(_ work: @escaping @Sendable (Rank) -> Void) {
        guard count > 1 else { return work(first) }
        state.work.withLock { $0 = work }
        state.meeting.wait()
        work(first)
        state.meeting.wait()
        state.work.withLock { $0 = nil }
    }

    private var first: Rank { Rank(number: 0, count: count, meeting: state.meeting) }
}
