/// One step from a version of the ledger's tables to the next.
struct Migration: Sendable {
    /// The version that it leads to; it begins at the one before.
    let version: Int
    /// Statements that run in one transaction with those of all other steps.
    let statements: String

    /// All steps, in order.
    ///
    /// A step is never changed: it has run on ledgers out there.
    static let all = [
        Migration(version: 2, statements: shardsByLine),
        Migration(version: 3, statements: sumsOfEnded),
    ]

    /// Brings a ledger to the version of now in one transaction; one that is newer is refused.
    static func run(on database: borrowing Database) throws(LedgerError) {
        let found = try database.integer("SELECT value FROM meta WHERE name = 'version'")
        guard found != Schema.version else { return }
        let steps = all.filter { $0.version > found }
        guard found < Schema.version, steps.first?.version == found + 1 else {
            throw .foreignVersion(path: database.path, expected: Schema.version, got: found)
        }
        try database.transaction { () throws(LedgerError) in
            for step in steps {
                try database.execute(step.statements)
                try database.execute(
                    "UPDATE meta SET value = \(step.version) WHERE name = 'version'"
                )
            }
        }
    }

    /// From version 1: a shard's number is that of its first line, jobs have numbers, and a shard
    /// knows whether it is a half and which attempts are held against it.
    ///
    /// Marks begin at nothing, so that all answers are compared once.
    private static let shardsByLine = """
        ALTER TABLE jobs RENAME TO old_jobs;
        ALTER TABLE shards RENAME TO old_shards;
        ALTER TABLE leases RENAME TO old_leases;
        \(Schema.tablesOfVersion2)
        INSERT INTO jobs (id, identity, specification, state, message, input_bytes, cursor_input,
            cursor_byte, cursor_line, cursor_end, mark_segment, mark_offset, created)
        SELECT id, identity, specification, state, message, input_bytes, cursor_input,
            cursor_byte, cursor_line, cursor_end, 0, 0, created
        FROM old_jobs ORDER BY created, id;
        INSERT INTO shards (job, number, input, byte_offset, byte_count, line_count, record_count,
            overlong, digest_high, digest_low, attempts, half, lease, segment, segment_offset,
            answer_bytes, answer_high, answer_low, failed_records, tokens)
        SELECT jobs.number, old.first_line, old.input, old.byte_offset, old.byte_count,
            old.line_count, old.record_count, old.overlong, old.digest_high, old.digest_low,
            old.attempts, 0, old.lease, old.segment, old.segment_offset, old.answer_bytes,
            old.answer_high, old.answer_low, old.failed_records, old.tokens
        FROM old_shards AS old JOIN jobs ON jobs.id = old.job
        ORDER BY jobs.number, old.first_line;
        INSERT INTO leases (job, shard, id, worker)
        SELECT jobs.number, shard.first_line, old.id, old.worker
        FROM old_leases AS old JOIN jobs ON jobs.id = old.job
            JOIN old_shards AS shard ON shard.job = old.job AND shard.number = old.shard
        ORDER BY jobs.number, shard.first_line, old.id;
        DROP TABLE old_leases;
        DROP TABLE old_shards;
        DROP TABLE old_jobs;
        """

    /// From version 2: what jobs that are done had answered, as their shards' rows may go.
    private static let sumsOfEnded = """
        \(Schema.additionsOfVersion3)
        INSERT INTO sums
        SELECT job, count(*), sum(byte_count), sum(record_count), sum(failed_records), sum(tokens),
            sum(attempts), (SELECT count(*) FROM strikes WHERE strikes.job = shards.job)
        FROM shards JOIN jobs ON jobs.number = shards.job
        WHERE state = 2 AND lease IS NOT NULL GROUP BY job;
        """
}
