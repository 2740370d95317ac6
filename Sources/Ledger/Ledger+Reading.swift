import Platform
package import Scheduling

extension Ledger {
    /// What the scheduler needs to go on with one job.
    package func description(of job: JobID) throws(LedgerError) -> JobDescription {
        guard let (row, cursor) = try jobRows(where: "id = ?", .text(job.description)).first else {
            throw .damaged(path: database.path, what: "job \(job) is not in it any more")
        }
        return try description(row, cursor)
    }

    func description(
        _ row: JobRow,
        _ cursor: PlanningCursor
    ) throws(LedgerError) -> JobDescription {
        let number = try readNumber(of: row.id)
        return JobDescription(
            id: row.id,
            cursor: cursor,
            inputBytes: row.inputBytes,
            progress: try progress(of: row),
            openShards: try row.state.isFinal ? [] : openShards(of: number)
        )
    }

    /// The number by which the rows of a job's shards name it.
    func readNumber(of job: JobID) throws(LedgerError) -> Int {
        var number: Int?
        try statements.jobNumber.rows(.text(job.description)) { number = $0.integer(0) }
        guard let number else {
            throw .damaged(path: database.path, what: "job \(job) is not in it any more")
        }
        return number
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
        ).rows(.integer(try readNumber(of: job)), .integer(first.value), .integer(count)) { row in
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

    /// How much of a job is durable, or was when it ended for good.
    func progress(of row: JobRow) throws(LedgerError) -> JobProgress {
        let number = try readNumber(of: row.id)
        return try row.state.isFinal ? sums(of: number) : progress(of: number)
    }

    private func progress(of job: Int) throws(LedgerError) -> JobProgress {
        var progress = JobProgress()
        try database.prepare(
            """
            SELECT count(*), coalesce(sum(byte_count), 0), coalesce(sum(record_count), 0),
                coalesce(sum(failed_records), 0), coalesce(sum(tokens), 0)
            FROM shards WHERE job = ? AND lease IS NOT NULL
            """
        ).rows(.integer(job)) { progress = Self.progress($0) }
        return progress
    }

    private func openShards(of job: Int) throws(LedgerError) -> [RecordedShard] {
        var leases: [ShardNumber: [RecordedLease]] = [:]
        try database.prepare("SELECT shard, id, worker FROM leases WHERE job = ?")
            .rows(.integer(job)) { row in
                let lease = RecordedLease(id: LeaseID(row.bits(1)), worker: row.text(2))
                leases[ShardNumber(row.integer(0)), default: []].append(lease)
            }
        var strikes: [ShardNumber: [Strike]] = [:]
        try database.prepare(
            "SELECT shard, machine, kind FROM strikes WHERE job = ? ORDER BY shard, number"
        )
        .rows(.integer(job)) { (row) throws(LedgerError) in
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
        ).rows(.integer(job)) { row in
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

    /// What a job had answered when it ended for good.
    private func sums(of job: Int) throws(LedgerError) -> JobProgress {
        var progress = JobProgress()
        try database.prepare(
            "SELECT shards, bytes, records, failed_records, tokens FROM sums WHERE job = ?"
        ).rows(.integer(job)) { progress = Self.progress($0) }
        return progress
    }

    private static func progress(_ row: borrowing Row) -> JobProgress {
        var progress = JobProgress()
        progress.shards = row.integer(0)
        progress.bytes = row.integer(1)
        progress.records = row.integer(2)
        progress.failedRecords = row.integer(3)
        progress.tokens = row.integer(4)
        return progress
    }

    static let cursorColumns =
        "cursor_input, cursor_byte, cursor_line, cursor_end"

    static func cursor(_ row: borrowing Row, from column: Int32) -> PlanningCursor {
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
