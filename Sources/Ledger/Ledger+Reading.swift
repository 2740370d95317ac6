import Platform
package import Scheduling

extension Ledger {
    /// All jobs with what the scheduler needs, oldest first; opens their segments for appending.
    package mutating func recover() throws(LedgerError) -> [RecoveredJob] {
        var rows: [(JobRow, PlanningCursor)] = []
        try database.prepare(
            """
            SELECT id, identity, specification, state, message, input_bytes, created,
                \(Self.cursorColumns)
            FROM jobs ORDER BY created, id
            """
        ).rows { (row) throws(LedgerError) in
            guard let state = JobRow.State(rawValue: row.integer(3)) else {
                throw .damaged(path: database.path, what: "job \(row.text(0)) has no known state")
            }
            let job = JobRow(
                id: JobID(row.text(0)),
                identity: row.text(1),
                specification: row.text(2),
                state: state,
                message: row.text(4),
                inputBytes: row.integer(5),
                created: row.integer(6)
            )
            rows.append((job, Self.cursor(row, from: 7)))
        }
        var jobs: [RecoveredJob] = []
        for (row, cursor) in rows {
            if row.state != .done { try reopenSegment(of: row.id) }
            let description = try description(row.id, cursor, inputBytes: row.inputBytes)
            jobs.append(RecoveredJob(row: row, description: description))
        }
        return jobs
    }

    /// What the scheduler needs to go on with one job.
    package func description(of job: JobID) throws(LedgerError) -> JobDescription {
        var found: (cursor: PlanningCursor, inputBytes: Int)?
        try database.prepare("SELECT input_bytes, \(Self.cursorColumns) FROM jobs WHERE id = ?")
            .rows(.text(job.description)) { row in
                found = (Self.cursor(row, from: 1), row.integer(0))
            }
        guard let found else {
            throw .damaged(path: database.path, what: "job \(job) is not in it any more")
        }
        return try description(job, found.cursor, inputBytes: found.inputBytes)
    }

    private func description(
        _ job: JobID,
        _ cursor: PlanningCursor,
        inputBytes: Int
    ) throws(LedgerError) -> JobDescription {
        JobDescription(
            id: job,
            cursor: cursor,
            inputBytes: inputBytes,
            progress: try progress(of: job),
            openShards: try openShards(of: job)
        )
    }

    /// The next committed shards of a job, in input order, from `first` on.
    package func committedShards(
        of job: JobID,
        from first: ShardNumber,
        count: Int
    ) throws(LedgerError) -> [CommittedShard] {
        var shards: [CommittedShard] = []
        try database.prepare(
            """
            SELECT \(Self.rangeColumns), segment, segment_offset, answer_bytes, answer_high,
                answer_low, failed_records
            FROM shards WHERE job = ? AND number >= ? AND lease IS NOT NULL
            ORDER BY number LIMIT ?
            """
        ).rows(.text(job.description), .integer(first.value), .integer(count)) { row in
            shards.append(
                CommittedShard(
                    range: Self.range(row),
                    segment: row.integer(9),
                    segmentOffset: row.integer(10),
                    byteCount: row.integer(11),
                    digest: ContentDigest(high: row.bits(12), low: row.bits(13)),
                    failedRecords: row.integer(14)
                )
            )
        }
        return shards
    }

    private func progress(of job: JobID) throws(LedgerError) -> JobProgress {
        var progress = JobProgress()
        try database.prepare(
            """
            SELECT count(*), coalesce(sum(byte_count), 0), coalesce(sum(record_count), 0),
                coalesce(sum(failed_records), 0), coalesce(sum(tokens), 0)
            FROM shards WHERE job = ? AND lease IS NOT NULL
            """
        ).rows(.text(job.description)) { row in
            progress.shards = row.integer(0)
            progress.bytes = row.integer(1)
            progress.records = row.integer(2)
            progress.failedRecords = row.integer(3)
            progress.tokens = row.integer(4)
        }
        return progress
    }

    private func openShards(of job: JobID) throws(LedgerError) -> [RecordedShard] {
        var leases: [ShardNumber: [RecordedLease]] = [:]
        try database.prepare("SELECT shard, id, worker FROM leases WHERE job = ? ORDER BY id")
            .rows(.text(job.description)) { row in
                let lease = RecordedLease(id: LeaseID(row.bits(1)), worker: row.text(2))
                leases[ShardNumber(row.integer(0)), default: []].append(lease)
            }
        var strikes: [ShardNumber: [Strike]] = [:]
        try database.prepare(
            "SELECT shard, machine, kind FROM strikes WHERE job = ? ORDER BY rowid"
        )
        .rows(.text(job.description)) { (row) throws(LedgerError) in
            guard let kind = Strike.Kind(rawValue: row.integer(2)) else {
                throw .damaged(path: database.path, what: "a strike has no known kind")
            }
            let strike = Strike(machine: row.text(1), kind: kind)
            strikes[ShardNumber(row.integer(0)), default: []].append(strike)
        }
        var shards: [RecordedShard] = []
        try database.prepare(
            """
            SELECT \(Self.rangeColumns), attempts, half FROM shards
            WHERE job = ? AND lease IS NULL ORDER BY number
            """
        ).rows(.text(job.description)) { row in
            let range = Self.range(row)
            shards.append(
                RecordedShard(
                    range: range,
                    attempts: row.integer(9),
                    leases: leases[range.number] ?? [],
                    isHalf: row.integer(10) != 0,
                    strikes: strikes[range.number] ?? []
                )
            )
        }
        return shards
    }

    /// Opens a job's last segment behind the last byte that a row refers to.
    mutating func reopenSegment(of job: JobID) throws(LedgerError) {
        var segment = 0
        var byteCount = 0
        try database.prepare(
            """
            SELECT segment, max(segment_offset + answer_bytes) FROM shards
            WHERE job = ? AND lease IS NOT NULL GROUP BY segment ORDER BY segment DESC LIMIT 1
            """
        ).rows(.text(job.description)) { row in
            segment = row.integer(0)
            byteCount = row.integer(1)
        }
        let directory = Segments.directory(state: state, job: job.description)
        let path = Segments.path(directory, segment)
        let found = try LedgerError.wrap { () throws(SystemCallError) in
            Files.exists(path) ? try Files.status(path).byteCount : 0
        }
        guard found >= byteCount else {
            throw .damaged(
                path: path,
                what: "the ledger refers to \(byteCount) bytes, the file has \(found)"
            )
        }
        segments[job] = try LedgerError.wrap { () throws(SystemCallError) in
            SegmentSlot(
                try SegmentWriter(directory: directory, segment: segment, byteCount: byteCount)
            )
        }
    }

    private static let cursorColumns =
        "cursor_input, cursor_byte, cursor_line, cursor_end"

    private static func cursor(_ row: borrowing Row, from column: Int32) -> PlanningCursor {
        PlanningCursor(
            input: row.integer(column),
            byteOffset: row.integer(column + 1),
            line: row.integer(column + 2),
            isAtEnd: row.integer(column + 3) != 0
        )
    }

    private static let rangeColumns = """
        number, input, byte_offset, byte_count, line_count, record_count, overlong,
        digest_high, digest_low
        """

    private static func range(_ row: borrowing Row) -> ShardRange {
        ShardRange(
            input: row.integer(1),
            byteOffset: row.integer(2),
            byteCount: row.integer(3),
            firstLine: row.integer(0),
            lineCount: row.integer(4),
            recordCount: row.integer(5),
            isOverlong: row.integer(6) != 0,
            digest: ContentDigest(high: row.bits(7), low: row.bits(8))
        )
    }
}
