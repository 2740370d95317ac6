import Glibc

/// The time since boot: no change of the wall clock moves it, and sleep of the machine counts.
package enum MonotonicClock {
    /// Nanoseconds since boot.
    package static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Nanoseconds for which this process has lived, from before its program was opened; known to a
    /// hundredth of a second.
    package static func processAge() throws(SystemCallError) -> UInt64 {
        let path = "/proc/self/stat"
        let bytes = try FileDescriptor(opening: path).read(count: 4096, at: 0)
        // Behind the program's name, which stands in brackets: state, parent, and so on.
        let fields = bytes.split(separator: UInt8(ascii: ")")).last?.split(separator: 0x20) ?? []
        let ticks = fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
        guard let ticks else { throw SystemCallError("understand", path, code: EINVAL) }
        let start = ticks * (1_000_000_000 / UInt64(sysconf(Int32(_SC_CLK_TCK))))
        let now = nanoseconds()
        return now > start ? now - start : 0
    }
}
