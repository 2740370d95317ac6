import Glibc

/// How much room the disk of a state folder has, and what may be done with it.
package struct DiskRoom: Equatable, Sendable {
    /// What the room is enough for.
    package enum Level: Int, Comparable, Sendable {
        /// Answers of the shards that are given already, and what ends jobs.
        case answers
        /// All but new jobs.
        case shards
        /// Everything.
        case jobs

        /// What is enough for more is more.
        package static func < (left: Level, right: Level) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// Bytes that this user may still write.
    package let freeBytes: Int
    /// Bytes of the disk.
    package let totalBytes: Int

    /// Takes figures as they were told.
    package init(freeBytes: Int, totalBytes: Int) {
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
    }

    /// Asks the system for the disk on which a folder lies; nil where it does not tell.
    package init?(of folder: String) {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let unit = Int(clamping: status.f_frsize)
        freeBytes = Self.bytes(Int(clamping: status.f_bavail), of: unit)
        totalBytes = Self.bytes(Int(clamping: status.f_blocks), of: unit)
    }

    /// Some file systems of other machines tell of more than can be counted.
    private static func bytes(_ count: Int, of unit: Int) -> Int {
        let (bytes, isTooMany) = count.multipliedReportingOverflow(by: unit)
        return isTooMany ? .max : bytes
    }

    /// Bytes that must be free for new jobs: a tenth of the disk, or 2 GiB of a large one.
    ///
    /// What is given already still brings answers, at most 512 MiB of them at once, and the WAL
    /// and its move to the main file need as much again: a disk that has less is full before
    /// anybody has looked.
    package var jobsNeed: Int { min(totalBytes / 10, 2 << 30) }
    /// Bytes that must be free for more shards: half of that.
    package var shardsNeed: Int { min(totalBytes / 20, 1 << 30) }

    /// What there is room for.
    package var level: Level {
        if freeBytes < shardsNeed { return .answers }
        return freeBytes < jobsNeed ? .shards : .jobs
    }
}
