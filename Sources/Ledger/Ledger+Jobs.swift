package import Scheduling

/// Jobs as they are looked up.
extension Ledger {
    /// The row of a job; nil where there is none, or none any more.
    package func row(of job: JobID) throws(LedgerError) -> JobRow? {
        try jobRows(where: "id = ?", .text(job.description)).first?.0
    }

    /// The latest of the jobs that are the same as one that is asked for; nil where there is none.
    package func latestRow(identity: String) throws(LedgerError) -> JobRow? {
        try jobRows(where: "identity = ?", .text(identity)).last?.0
    }

    /// A job and what is durable of it, without its open shards; nil where there is none.
    package func job(_ id: JobID) throws(LedgerError) -> RecoveredJob? {
        guard let (row, cursor) = try jobRows(where: "id = ?", .text(id.description)).first else {
            return nil
        }
        let description = JobDescription(
            id: id,
            cursor: cursor,
            inputBytes: row.inputBytes,
            progress: try progress(of: row),
            openShards: []
        )
        return RecoveredJob(row: row, description: description)
    }

    /// Jobs by a condition, in the order in which they came.
    func jobRows(
        where condition: String,
        _ values: SQLValue...
    ) throws(LedgerError) -> [(JobRow, PlanningCursor)] {
        var rows: [(JobRow, PlanningCursor)] = []
        try database.prepare(
            """
            SELECT id, identity, specification, state, message, input_bytes, created,
                \(Self.cursorColumns)
            FROM jobs WHERE \(condition) ORDER BY number
            """
        ).rows(values) { (row) throws(LedgerError) in
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
        return rows
    }
}
