/// The tables of the ledger.
enum Schema {
    /// Rises with every change of the tables.
    static let version = 2

    /// A shard's row is its commit point: bytes of a segment that no row names are dead.
    ///
    /// Its number is that of its first line.
    static let tables = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY, identity TEXT NOT NULL, specification TEXT NOT NULL,
            state INTEGER NOT NULL, message TEXT NOT NULL, input_bytes INTEGER NOT NULL,
            cursor_input INTEGER NOT NULL, cursor_byte INTEGER NOT NULL,
            cursor_line INTEGER NOT NULL,
            cursor_end INTEGER NOT NULL, created INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE shards (
            job TEXT NOT NULL REFERENCES jobs(id), number INTEGER NOT NULL,
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
            id INTEGER PRIMARY KEY, job TEXT NOT NULL, shard INTEGER NOT NULL,
            worker TEXT NOT NULL
        );
        CREATE TABLE strikes (
            job TEXT NOT NULL, shard INTEGER NOT NULL, machine TEXT NOT NULL,
            kind INTEGER NOT NULL
        );
        CREATE INDEX strikes_of_shard ON strikes (job, shard);
        CREATE INDEX leases_of_shard ON leases (job, shard);
        INSERT INTO meta VALUES ('version', \(version)), ('epoch', 0), ('next_lease', 1);
        """
}
