import Glibc
import Platform

/// Appends answers to the segment files of one job, a group at a time.
///
/// Segments, not a file per shard: a million shards must not be a million files and syncs.
struct SegmentWriter: ~Copyable {
    /// A segment is sealed above this size, bytes.
    static let byteCountMax = 256 << 20
    /// Answers are gathered up to this size, bytes, and written by one call.
    private static let bufferSize = 4 << 20

    private let directory: String
    private(set) var segment: Int
    /// Bytes of the segment, those that are still gathered counted.
    private(set) var byteCount: Int
    private var file: FileDescriptor
    private var buffer: [UInt8] = []
    /// Where the group at hand begins: before it, every byte has a row.
    private var groupStart: Int

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
        groupStart = byteCount
    }

    /// Begins a group; a segment that is large enough is sealed.
    mutating func beginGroup() throws(SystemCallError) {
        if byteCount >= Self.byteCountMax {
            let path = Segments.path(directory, segment + 1)
            let next = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_TRUNC)
            try Files.synchronizeDirectory(directory)
            file = next
            segment += 1
            byteCount = 0
        }
        groupStart = byteCount
    }

    /// Puts `bytes` behind the last ones; they are durable after `synchronize`.
    ///
    /// - Returns: the offset at which they begin in the segment.
    mutating func append(_ bytes: [UInt8]) throws(SystemCallError) -> Int {
        let offset = byteCount
        buffer += bytes
        byteCount += bytes.count
        if buffer.count >= Self.bufferSize { try flush() }
        return offset
    }

    /// Returns once all that was appended is on the disk.
    mutating func synchronize() throws(SystemCallError) {
        try flush()
        try file.synchronizeData()
    }

    /// Takes back the group at hand, of which nothing has a row.
    mutating func undoGroup() throws(SystemCallError) {
        buffer.removeAll(keepingCapacity: true)
        byteCount = groupStart
        try file.truncate(to: groupStart)
    }

    private mutating func flush() throws(SystemCallError) {
        try file.write(buffer, at: byteCount - buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Where the segment files of a job lie.
package enum Segments {
    /// The folder that holds a folder for each job.
    static func root(state: String) -> String { "\(state)/data/out" }

    /// The folder of a job's segments inside the state folder.
    package static func directory(state: String, job: String) -> String {
        "\(root(state: state))/\(job)"
    }

    /// The file of one segment.
    package static func path(_ directory: String, _ segment: Int) -> String {
        "\(directory)/\(name(segment))"
    }

    static func name(_ segment: Int) -> String { "\(segment).jsonl" }

    /// The number of the segment that a file of this name is.
    static func number(_ name: String) -> Int? {
        guard name.hasSuffix(".jsonl"), let number = Int(name.dropLast(6)) else { return nil }
        return number
    }
}
