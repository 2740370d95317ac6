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
        let work = Mutex<(@Sendable (Int) -> Void)?>(nil)

        init(count: Int) {
            self.count = count
            meeting = Meeting(count: count)
        }

        /// The life of a rank's thread.
        func serve(_ number: Int) {
            while true {
                meeting.wait()
                guard takePart(number) else { return }
                meeting.wait()
            }
        }

        /// Runs the pass at hand; false where there is none.
        ///
        /// Never inlined: this rank must have let go of the work before it meets the others, or the
        /// owner would find that its closure outlives the pass.
        @inline(never) private func takePart(_ number: Int) -> Bool {
            guard let work = work.withLock({ $0 }) else { return false }
            work(number)
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
    func run(_ work: (Rank) -> Void) {
        guard count > 1 else { return work(Rank(number: 0, crew: self)) }
        withoutActuallyEscaping(work) { work in
            nonisolated(unsafe) let work = work  // every rank is done with it before this returns
            state.work.withLock { $0 = { number in work(Rank(number: number, crew: self)) } }
            state.meeting.wait()
            work(Rank(number: 0, crew: self))
            state.meeting.wait()
            state.work.withLock { $0 = nil }
        }
    }

    /// Where the ranks of a pass wait for each other.
    func barrier() {
        if count > 1 { state.meeting.wait() }
    }
}
