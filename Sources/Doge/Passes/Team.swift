import Platform
import Synchronization

/// Long-lived threads that do one piece of work each time they are woken; joined at the end.
final class Team: Sendable {
    private let members: [Member]
    private let threads: [OSThread]

    /// What one thread and the team share.
    private final class Member: Sendable {
        let start = Semaphore()
        let done = Semaphore()
        let stopping = Atomic(false)
        let work: @Sendable () -> Void

        init(work: @escaping @Sendable () -> Void) { self.work = work }

        /// The life of the thread.
        func serve() {
            while true {
                start.wait()
                if stopping.load(ordering: .acquiring) { return }
                work()
                done.signal()
            }
        }

        func stop() {
            stopping.store(true, ordering: .releasing)
            start.signal()
        }
    }

    /// Starts `count` threads; `work` is told the number of the thread that calls it.
    init(count: Int, work: @escaping @Sendable (Int) -> Void) throws(ModelError) {
        members = (0..<count).map { number in Member { work(number) } }
        var threads: [OSThread] = []
        do throws(SystemCallError) {
            for (number, member) in members.enumerated() {
                threads.append(try OSThread(oneOfMany: "engine \(number)") { member.serve() })
            }
        } catch {
            for (member, thread) in zip(members, threads) {
                member.stop()
                thread.join()
            }
            throw .threads(wanted: count, started: threads.count, reason: error.reason)
        }
        self.threads = threads
    }

    deinit {
        for (member, thread) in zip(members, threads) {
            member.stop()
            thread.join()
        }
    }

    /// Wakes every thread and waits until all have worked once; one call at a time.
    func run() {
        for member in members { member.start.signal() }
        for member in members { member.done.wait() }
    }
}
