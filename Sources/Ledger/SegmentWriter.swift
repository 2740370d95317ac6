import Glibc
import Platform

/// Appends answers to the segment files of one job.
///
/// Segments, not a file per shard: a million shards must not be a million files and syncs.
struct SegmentWriter: ~Copyable {
    /// A segment is sealed above this size, bytes.
    static let byteCountMax = 256 << 20

    private let directory: String
    private(set) var segment: Int
    private(set) var byteCount: Int
    private var file: FileDescriptor

    /// Goes on behind the last byte that a row refers to; what lies behind it is cut off.
    init(directory: String, segment: Int, byteCount: Int) throws(SystemCallError) {
        try Files.makeDirectory(directory)
        let path = Segments.path(directory, segment)
        let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
        try file.truncate(to: byteCount)
        try Files.synchronizeDirectory(directory)
        self.directory = directory
        self.segment = segment
        self.byteCount = byteCount
        self.file = file
    }

    /// Writes `bytes` behind the last ones; they are durable after `synchronize`.
    ///
    /// - Returns: the segment and the offset at which they begin.
    mutating func append(_ bytes: [UInt8]) throws(SystemCallError) -> (segment: Int, offset: Int) {
        if byteCount >= Self.byteCountMax {
            try file.synchronizeData()
            let path = Segments.path(directory, segment + 1)
            file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_TRUNC)
            try Files.synchronizeDirectory(directory)
            segment += 1
            byteCount = 0
        }
        let offset = byteCount
        var failure: SystemCallError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemCallError) {
                try file.write(buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        byteCount += bytes.count
        return (segment, offset)
    }

    /// Returns once all that was appended is on the disk.
    func synchronize() throws(SystemCallError) {
        try file.synchronizeData()
    }
}

/// Where the segment files of a job lie.
package enum Segments {
    /// The folder of a job's segments inside the state folder.
    package static func directory(state: String, job: String) -> String {
        "\(state)/data/out/\(job)"
    }

    /// The file of one segment.
    package static func path(_ directory: String, _ segment: Int) -> String {
        "\(directory)/\(segment).jsonl"
    }
}
