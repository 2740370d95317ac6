/// The tables of the ledger.
enum Schema {
    /// Rises with every change of the tables.
    static let version = 3

    /// A new ledger.
    static let new = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('version', \(version)), ('epoch', 0), ('next_lease', 1);
        \(tablesOfVersion2)
        \(additionsOfVersion3)
        """

    /// A shard's row is its commit point: bytes of a segment that no row names are dead.
    ///
    /// Its number is that of its first line; jobs have a number too, so that the many rows need
    /// not hold a name. A job's mark is a place in its segments: answers before it were on the disk
    /// when a checkpoint ended.
    ///
    /// Not to be changed: ledgers of version 1 are brought to version 2 with it.
    static let tablesOfVersion2 = """
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
            identity TEXT NOT NULL, specification TEXT NOT NULL,
            state INTEGER NOT NULL, message TEXT NOT NULL, input_bytes INTEGER NOT NULL,
            cursor_input INTEGER NOT NULL, cursor_byte INTEGER NOT NULL,
            cursor_line INTEGER NOT NULL, cursor_end INTEGER NOT NULL,
            mark_segment INTEGER NOT NULL, mark_offset INTEGER NOT NULL,
            created INTEGER NOT NULL
        );
        CREATE TABLE shards (
            job INTEGER NOT NULL REFERENCES jobs (number), number INTEGER NOT NULL,
            input INTEGER NOT NULL, byte_offset INTEGER NOT NULL, byte_count INTEGER NOT NULL,
            line_count INTEGER NOT NULL, record_count INTEGER NOT NULL, overlong INTEGER NOT NULL,
            digest_high INTEGER NOT NULL, digest_low INTEGER NOT NULL,
            attempts INTEGER NOT NULL, half INTEGER NOT NULL, lease INTEGER,
            segment INTEGER, segment_offset INTEGER, answer_bytes INTEGER,
            answer_high INTEGER, answer_low INTEGER,
            failed_records INTEGER, tokens INTEGER,
            PRIMARY KEY (job, number)
        ) WITHOUT ROWID;
        CREATE TABLE leases (
            job INTEGER NOT NULL, shard INTEGER NOT NULL, id INTEGER NOT NULL,
            worker TEXT NOT NULL,
            PRIMARY KEY (job, shard, id)
        ) WITHOUT ROWID;
        CREATE TABLE strikes (
            job INTEGER NOT NULL, shard INTEGER NOT NULL, number INTEGER NOT NULL,
            machine TEXT NOT NULL, kind INTEGER NOT NULL,
            PRIMARY KEY (job, shard, number)
        ) WITHOUT ROWID;
        """

    /// What had answers when a job ended for good, as the rows of its shards are removed then, how
    /// often these shards were given out, and how many strikes stood against them; and a way to
    /// find the job that somebody asks for again.
    static let additionsOfVersion3 = """
        CREATE TABLE sums (
            job INTEGER PRIMARY KEY REFERENCES jobs (number),
            shards INTEGER NOT NULL, bytes INTEGER NOT NULL, records INTEGER NOT NULL,
            failed_records INTEGER NOT NULL, tokens INTEGER NOT NULL,
            attempts INTEGER NOT NULL, strikes INTEGER NOT NULL
        );
        CREATE INDEX jobs_by_identity ON jobs (identity);
        """
}
