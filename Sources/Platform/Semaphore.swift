private import CLinux
import Glibc

/// A counting semaphore on which a thread of its own may wait.
///
/// Sendable as sem_t is made for several threads; it lies at a fixed place of the heap.
package final class Semaphore: @unchecked Sendable {
    private let handle: UnsafeMutablePointer<sem_t>

    /// Starts at zero: the first wait blocks until a signal.
    package init() {
        handle = .allocate(capacity: 1)
        let status = sem_init(handle, 0, 0)
        precondition(status == 0, "an unshared semaphore can always be made")
    }

    deinit {
        sem_destroy(handle)
        handle.deallocate()
    }

    /// Lets one waiting thread, now or later, go on.
    package func signal() {
        sem_post(handle)
    }

    /// Waits for a signal; never call it on Swift's cooperative pool.
    package func wait() {
        while sem_wait(handle) != 0 {
            precondition(errno == EINTR, "a semaphore's wait is only ever interrupted")
        }
    }

    /// Waits for a signal, at most so long by the clock that never jumps.
    ///
    /// - Returns: whether there was a signal.
    package func wait(milliseconds: Int) -> Bool {
        let code = kennel_semaphore_wait(handle, Int32(clamping: milliseconds))
        precondition([0, ETIMEDOUT].contains(code), "a semaphore's wait ends or is over")
        return code == 0
    }
}
