/// The statements that run for every shard or group, compiled once.
struct LedgerStatements: ~Copyable {
    let begin: Statement
    let commit: Statement
    let jobNumber: Statement
    let insertShard: Statement
    let insertLease: Statement
    let updateAttempts: Statement
    let updateCursor: Statement
    let updateNextLease: Statement
    let commitShard: Statement
    let deleteLeases: Statement

    static func prepare(_ database: borrowing Database) throws(LedgerError) -> LedgerStatements {
        LedgerStatements(
            begin: try database.prepare("BEGIN IMMEDIATE"),
            commit: try database.prepare("COMMIT"),
            jobNumber: try database.prepare("SELECT number FROM jobs WHERE id = ?"),
            insertShard: try database.prepare(
                """
                INSERT INTO shards (job, number, input, byte_offset, byte_count, line_count,
                    record_count, overlong, digest_high, digest_low, attempts, half)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ),
            insertLease: try database.prepare("INSERT INTO leases VALUES (?, ?, ?, ?)"),
            updateAttempts: try database.prepare(
                "UPDATE shards SET attempts = ? WHERE job = ? AND number = ?"
            ),
            updateCursor: try database.prepare(
                """
                UPDATE jobs SET cursor_input = ?, cursor_byte = ?, cursor_line = ?,
                    cursor_end = ? WHERE number = ?
                """
            ),
            updateNextLease: try database.prepare(
                "UPDATE meta SET value = max(value, ?) WHERE name = 'next_lease'"
            ),
            commitShard: try database.prepare(
                """
                UPDATE shards SET lease = ?, segment = ?, segment_offset = ?, answer_bytes = ?,
                    answer_high = ?, answer_low = ?, failed_records = ?, tokens = ?
                WHERE job = ? AND number = ? AND lease IS NULL
                """
            ),
            deleteLeases: try database.prepare("DELETE FROM leases WHERE job = ? AND shard = ?")
        )
    }
}
