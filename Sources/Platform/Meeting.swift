private import CLinux

/// A barrier: whoever comes waits until all have come; it spins first and sleeps later.
///
/// For threads that are microseconds apart most of the time. Sendable as it is made for several
/// threads; it lies at a fixed place of the heap.
package final class Meeting: @unchecked Sendable {
    private let handle: UnsafeMutablePointer<kennel_meeting>

    /// A barrier of `count` threads.
    package init(count: Int) {
        handle = .allocate(capacity: 1)
        let all = UInt32(count)
        handle.initialize(to: kennel_meeting(count: all, missing: all, round: 0, sleepers: 0))
    }

    deinit { handle.deallocate() }

    /// Waits for all; what each wrote before is seen by all afterwards.
    package func wait() { kennel_meet(handle) }

    /// Counts some as present in the round at hand that will not come; the caller must still wait.
    package func excuse(_ absent: Int) { kennel_excuse(handle, UInt32(absent)) }
}
