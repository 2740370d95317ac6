import Scheduling

/// Jobs that have ended for good: their shards' rows go, and in time they themselves.
///
/// Their answers and the plain copies of their inputs were removed before: whoever starts in
/// between finds rows, and knows by them that there may still be files.
extension Ledger {
    /// Rows of shards that one step removes: it holds up other writes for some ten milliseconds.
    static let rowsPerStep = 4_096
    /// Jobs that may end until the oldest are looked for.
    private static let endsPerLook = 128

    /// Keeps what is shown of a job when its shards' rows are gone.
    func sumUp(_ job: Int) throws(LedgerError) {
        try database.prepare(
            """
            INSERT OR REPLACE INTO sums
            SELECT ?1, count(*), coalesce(sum(byte_count), 0), coalesce(sum(record_count), 0),
                coalesce(sum(failed_records), 0), coalesce(sum(tokens), 0),
                coalesce(sum(attempts), 0), (SELECT count(*) FROM strikes WHERE job = ?1)
            FROM shards WHERE job = ?1 AND lease IS NOT NULL
            """
        ).run(.integer(job))
    }

    /// Removes some rows of a job's shards; `hasShards` tells whether there are more.
    mutating func forgetShards(of job: JobID) throws(LedgerError) {
        var found: (number: SQLValue, isFinal: Bool)?
        try database.prepare("SELECT number, state FROM jobs WHERE id = ?")
            .rows(.text(job.description)) { row in
                let isFinal = JobRow.State(rawValue: row.integer(1))?.isFinal ?? false
                found = (.integer(row.integer(0)), isFinal)
            }
        // It may have been among the oldest, and be gone as a whole.
        guard let (number, isFinal) = found else { return }
        guard isFinal else {
            throw .damaged(path: database.path, what: "job \(job) loses shards that it needs")
        }
        for table in ["leases", "strikes"] {
            try database.prepare(
                """
                DELETE FROM \(table) WHERE job = ?1 AND shard IN
                    (SELECT number FROM shards WHERE job = ?1 ORDER BY number LIMIT ?2)
                """
            ).run(number, .integer(Self.rowsPerStep))
        }
        try database.prepare(
            """
            DELETE FROM shards WHERE job = ?1 AND number IN
                (SELECT number FROM shards WHERE job = ?1 ORDER BY number LIMIT ?2)
            """
        ).run(number, .integer(Self.rowsPerStep))
        guard try !hasShards(of: job) else { return }
        numbers[job] = nil
        endsSinceLook += 1
        guard endsSinceLook >= Self.endsPerLook else { return }
        endsSinceLook = 0
        try forgetOldest()
    }

    /// Whether rows of a job's shards are still there.
    func hasShards(of job: JobID) throws(LedgerError) -> Bool {
        var found = false
        try database.prepare(
            """
            SELECT EXISTS (SELECT 1 FROM shards
                WHERE job = (SELECT number FROM jobs WHERE id = ?))
            """
        ).rows(.text(job.description)) { found = $0.integer(0) != 0 }
        return found
    }

    /// Removes the oldest jobs that have ended for good, where there are more than are kept.
    func forgetOldest() throws(LedgerError) {
        let old = """
            SELECT number FROM jobs WHERE state IN (\(Self.finalStates))
                AND NOT EXISTS (SELECT 1 FROM shards WHERE shards.job = jobs.number)
                ORDER BY number DESC LIMIT -1 OFFSET ?1
            """
        for (table, column) in [("sums", "job"), ("jobs", "number")] {
            try database.prepare("DELETE FROM \(table) WHERE \(column) IN (\(old))")
                .run(.integer(endedJobsMax))
        }
    }

    static let finalStates =
        [JobRow.State.done, .cancelled].map { "\($0.rawValue)" }.joined(separator: ", ")
}
