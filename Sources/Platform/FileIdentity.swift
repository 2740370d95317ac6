import Glibc

/// Which file this is, and when it was last touched: the same as long as its bytes are the same.
///
/// Any change of a file's bytes, name or times sets its change time, which no user of a local file
/// system can set back; two changes within one tick of the kernel's clock may get the same. On
/// others (`mayBeOnNetwork`) the time is what the far side says, and when: it tells nothing.
package struct FileIdentity: Equatable, Sendable {
    /// Device, number on it, size, modification and change time in nanoseconds since 1970.
    package let numbers: [Int64]

    /// Five numbers that were kept.
    package init(numbers: [Int64]) {
        precondition(numbers.count == 5, "a file's identity has five numbers")
        self.numbers = numbers
    }

    fileprivate init(_ status: stat) {
        numbers = [
            Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino)),
            Int64(status.st_size), Self.nanoseconds(status.st_mtim),
            Self.nanoseconds(status.st_ctim),
        ]
    }

    /// Size in bytes.
    package var byteCount: Int { Int(numbers[2]) }

    /// Whether both are of one file, whatever became of it in between.
    package func isSameFile(as other: FileIdentity) -> Bool { numbers[..<2] == other.numbers[..<2] }

    /// Whether the last change is so old that the next one must get another time.
    package func isSettled(at time: Int64) -> Bool { numbers[4] < time - 2_000_000_000 }

    /// The time of day in nanoseconds since 1970, as files get it.
    package static func now() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return nanoseconds(now)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension FileDescriptor {
    /// What tells this file from any other and from itself before a change.
    ///
    /// - Returns: nil where it is no regular file.
    package func identity() throws(SystemCallError) -> FileIdentity? {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw SystemCallError("examine", path) }
        return status.st_mode & S_IFMT == S_IFREG ? FileIdentity(status) : nil
    }

    /// Whether the file is this user's, and nobody else may write it.
    package func isOurs() -> Bool {
        var status = stat()
        return fstat(raw, &status) == 0 && status.st_uid == geteuid() && status.st_mode & 0o022 == 0
    }
}
