import CDogeKernels
import Glibc
import Synchronization

/// Long-lived threads that do one piece of work each time they are woken; joined at the end.
final class Team: @unchecked Sendable {  // changed by init and deinit only
    private let members: [Member]
    private var threads: [pthread_t] = []

    /// What one thread and the team share.
    private final class Member: Sendable {
        let start = Semaphore()
        let done = Semaphore()
        let stopping = Atomic(false)
        let work: @Sendable () -> Void

        init(work: @escaping @Sendable () -> Void) { self.work = work }

        /// The life of the thread.
        func serve() {
            ck_use_one_openmp_thread()
            while true {
                start.wait()
                if stopping.load(ordering: .acquiring) { return }
                work()
                done.post()
            }
        }
    }

    /// Starts `count` threads; `work` is told the number of the thread that calls it.
    init(count: Int, work: @escaping @Sendable (Int) -> Void) throws(ModelError) {
        members = (0..<count).map { number in Member { work(number) } }
        for member in members {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(member)
            let status = pthread_create(
                &thread,
                nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Member>.fromOpaque(argument).takeRetainedValue().serve()
                    return nil
                },
                argument.toOpaque()
            )
            guard status == 0 else {
                argument.release()
                throw .library(operation: "pthread_create", status: Int(status))
            }
            threads.append(thread)
        }
    }

    deinit {
        for (member, thread) in zip(members, threads) {
            member.stopping.store(true, ordering: .releasing)
            member.start.post()
            pthread_join(thread, nil)
        }
    }

    /// Wakes every thread and waits until all have worked once; one call at a time.
    func run() {
        for member in members { member.start.post() }
        for member in members { member.done.wait() }
    }
}

/// A counting semaphore on which threads park.
final class Semaphore: @unchecked Sendable {  // sem_t is made to be shared
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    /// Waits through interruptions by signals.
    func wait() {
        while sem_wait(semaphore) != 0 {}
    }
}
