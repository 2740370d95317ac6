import Glibc
import Platform
import Scheduling

/// What is done once at start-up.
extension Ledger {
    /// Jobs with what the scheduler needs, oldest first; opens their segments for appending.
    ///
    /// Of those that are done or cancelled only the latest, and those that have left something.
    /// Files that no row names are removed, tails that no row names are cut off, and the answers
    /// that were committed since the last checkpoint are read and compared with their digests.
    package mutating func recover() throws(LedgerError) -> [RecoveredJob] {
        try forgetOldest()
        let rows = try jobRows(where: Self.isShown)
        var jobs: [RecoveredJob] = []
        var kept: Set<String> = []
        for (row, cursor) in rows {
            if !row.state.isFinal {
                kept.insert(row.id.description)
                try checkSegments(of: row.id)
            }
            if row.state == .running || row.state == .paused { try reopenSegment(of: row.id) }
            jobs.append(RecoveredJob(row: row, description: try description(row, cursor)))
        }
        try LedgerError.wrap { () throws(SystemCallError) in
            try removeOthers(than: kept)
        }
        // What an earlier life could not sync is written and synced once more: without that what
        // was read is not what the disk holds, and a start that finds no room for it ends.
        try database.checkpoint()
        // The marks of the answers that were read only spare the next start a look.
        try checkpoint()
        return jobs
    }

    /// Jobs that are done or cancelled and of which something is shown after a start.
    private static let shownMax = 256

    private static var isShown: String {
        """
        state NOT IN (\(finalStates))
            OR EXISTS (SELECT 1 FROM shards WHERE shards.job = jobs.number)
            OR number IN (SELECT number FROM jobs WHERE state IN (\(finalStates))
                ORDER BY number DESC LIMIT \(shownMax))
        """
    }

    // MARK: - Segments

    /// Opens a job's last segment behind the last byte that a row refers to.
    @discardableResult
    mutating func reopenSegment(of job: JobID) throws(LedgerError) -> SegmentSlot {
        let last = try extents(of: job).last ?? Extent(segment: 0, byteCount: 0)
        let directory = Segments.directory(state: state, job: job.description)
        try checkLength(last, directory)
        let mark = try mark(of: job)
        let slot = try LedgerError.wrap { () throws(SystemCallError) in
            let writer = try SegmentWriter(
                directory: directory,
                segment: last.segment,
                byteCount: last.byteCount
            )
            return SegmentSlot(writer, mark: mark)
        }
        segments[job] = slot
        return slot
    }

    /// A segment that rows refer to, and its bytes up to the last of them.
    struct Extent {
        let segment: Int
        let byteCount: Int
    }

    /// The segments of a job that rows refer to, in order.
    func extents(of job: JobID) throws(LedgerError) -> [Extent] {
        var extents: [Extent] = []
        try database.prepare(
            """
            SELECT segment, max(segment_offset + answer_bytes) FROM shards
            WHERE job = (SELECT number FROM jobs WHERE id = ?) AND lease IS NOT NULL
            GROUP BY segment ORDER BY segment
            """
        ).rows(.text(job.description)) { row in
            extents.append(Extent(segment: row.integer(0), byteCount: row.integer(1)))
        }
        return extents
    }

    /// The place in a job's segments before which the last checkpoint found all durable.
    private func mark(of job: JobID) throws(LedgerError) -> (segment: Int, offset: Int) {
        var mark = (segment: 0, offset: 0)
        try database.prepare("SELECT mark_segment, mark_offset FROM jobs WHERE id = ?")
            .rows(.text(job.description)) { mark = ($0.integer(0), $0.integer(1)) }
        return mark
    }

    /// Verifies a job's segments, cuts their tails, and removes those that no row names.
    private func checkSegments(of job: JobID) throws(LedgerError) {
        let directory = Segments.directory(state: state, job: job.description)
        let extents = try extents(of: job)
        for extent in extents {
            let path = Segments.path(directory, extent.segment)
            let found = try checkLength(extent, directory)
            if found > extent.byteCount {
                try LedgerError.wrap { () throws(SystemCallError) in
                    try FileDescriptor(opening: path, flags: O_RDWR).truncate(to: extent.byteCount)
                }
            }
        }
        try checkAnswers(of: job, from: try mark(of: job))
        let known = Set(extents.map { Segments.name($0.segment) })
        try LedgerError.wrap { () throws(SystemCallError) in
            guard Files.exists(directory) else { return }
            for name in try Files.names(in: directory) where !known.contains(name) {
                try Files.remove("\(directory)/\(name)")
            }
        }
    }

    /// Refuses a segment that is shorter than its rows say; gives its length.
    @discardableResult
    func checkLength(
        _ extent: Extent,
        _ directory: String
    ) throws(LedgerError) -> Int {
        let path = Segments.path(directory, extent.segment)
        let found = try LedgerError.wrap { () throws(SystemCallError) in
            Files.exists(path) ? try Files.status(path).byteCount : 0
        }
        guard found >= extent.byteCount else {
            throw .damaged(
                path: path,
                what: "the ledger refers to \(extent.byteCount) bytes, the file has \(found)"
            )
        }
        return found
    }

    /// Compares a job's answers from a place in its segments on with their digests.
    func checkAnswers(
        of job: JobID,
        from mark: (segment: Int, offset: Int)
    ) throws(LedgerError) {
        var reader = SegmentReader(state: state, job: job)
        try database.prepare(
            """
            SELECT segment, segment_offset, answer_bytes, answer_high, answer_low, number
            FROM shards WHERE job = ?1 AND lease IS NOT NULL
                AND (segment > ?2 OR segment = ?2 AND segment_offset >= ?3)
            ORDER BY segment, segment_offset
            """
        ).rows(
            .integer(try readNumber(of: job)),
            .integer(mark.segment),
            .integer(mark.offset)
        ) { (row) throws(LedgerError) in
            _ = try reader.read(
                segment: row.integer(0),
                offset: row.integer(1),
                byteCount: row.integer(2),
                digest: ContentDigest(high: row.bits(3), low: row.bits(4)),
                of: ShardNumber(row.integer(5))
            )
        }
    }

    /// Removes what lies among the answers and belongs to no job that is at work.
    private func removeOthers(than kept: Set<String>) throws(SystemCallError) {
        // Second names of answers, left by a backup that was killed.
        let pins = "\(state)/data/backup"
        for name in Files.exists(pins) ? try Files.names(in: pins) : [] {
            try Files.remove("\(pins)/\(name)")
        }
        let root = Segments.root(state: state)
        guard Files.exists(root) else { return }
        for job in try Files.names(in: root) where !kept.contains(job) {
            let folder = "\(root)/\(job)"
            guard Files.isDirectory(folder) else {
                try Files.remove(folder)
                continue
            }
            for name in try Files.names(in: folder) { try Files.remove("\(folder)/\(name)") }
            rmdir(folder)
        }
    }
}
