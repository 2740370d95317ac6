import Platform
import Synchronization

/// What the ranks of a crew run together.
///
/// An object, as handing one from thread to thread takes no memory, and a closure does.
protocol RankWork: AnyObject, Sendable {
    /// Runs one rank's share.
    func run(_ rank: Rank)
}

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
        /// The pass at hand; nil ends the threads.
        let work = Mutex<(any RankWork)?>(nil)

        init(count: Int) {
            self.count = count
            meeting = Meeting(count: count)
        }

        /// The life of a rank's thread.
        func serve(_ number: Int) {
            while true {
                meeting.wait()
                guard runShare(number) else { return }
                meeting.wait()
            }
        }

        /// Runs a rank's share; false where there is no work any more.
        ///
        /// On return the thread holds no work: it must never be the last to do so.
        private func runShare(_ number: Int) -> Bool {
            guard let work = work.withLock({ $0 }) else { return false }
            work.run(Rank(number: number, count: count, meeting: meeting))
            return true
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
    /// One call at a time, from the replica's own thread.
    func run(_ work: some RankWork) {
        let first = Rank(number: 0, count: count, meeting: state.meeting)
        guard count > 1 else { return work.run(first) }
        state.work.withLock { $0 = work }
        state.meeting.wait()
        work.run(first)
        state.meeting.wait()
        state.work.withLock { $0 = nil }
    }
}
