import Glibc
import Platform
package import Scheduling

/// Reads answers back and checks that they are what was committed.
package struct SegmentReader: ~Copyable {
    private let directory: String
    private var file: FileDescriptor?
    private var segment = -1

    /// Reads the answers of a job in a state folder; nothing is opened yet.
    package init(state: String, job: JobID) {
        directory = Segments.directory(state: state, job: job.description)
    }

    /// The answers of a shard, whose bytes are what its worker sent.
    package mutating func read(_ shard: CommittedShard) throws(LedgerError) -> [UInt8] {
        try read(
            segment: shard.segment,
            offset: shard.segmentOffset,
            byteCount: shard.byteCount,
            digest: shard.digest,
            of: shard.range.number
        )
    }

    mutating func read(
        segment: Int,
        offset: Int,
        byteCount: Int,
        digest: ContentDigest,
        of shard: ShardNumber
    ) throws(LedgerError) -> [UInt8] {
        let path = Segments.path(directory, segment)
        do throws(SystemCallError) {
            if segment != self.segment {
                file = try FileDescriptor(opening: path)
                self.segment = segment
            }
            let bytes = try file?.read(count: byteCount, at: offset) ?? []
            let found = XXH3.digest(bytes)
            if ContentDigest(high: found.high, low: found.low) == digest { return bytes }
        } catch {
            throw .file(error)
        }
        throw .damaged(path: path, what: "the answers of shard \(shard) have changed")
    }
}
