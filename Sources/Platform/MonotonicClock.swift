import Glibc

/// The time since boot: no change of the wall clock moves it, and sleep of the machine counts.
package enum MonotonicClock {
    /// Nanoseconds since boot.
    package static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
