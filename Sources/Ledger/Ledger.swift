package import Scheduling

/// What must survive any crash: jobs, shards, leases, and where the answers lie.
///
/// One connection, used by one thread. Answers are appended to segment files and synced before the
/// transaction that refers to them.
package struct Ledger: ~Copyable {
    let database: Database
    /// The folder that holds the ledger and its segments.
    package let state: String
    /// Counts the lives of the coordinator on this ledger; committed before anything is sent.
    package let epoch: UInt64
    /// Above every lease that was ever given.
    package let nextLease: LeaseID
    var segments: [JobID: SegmentSlot] = [:]

    let statements: LedgerStatements

    /// Opens or makes the ledger of a state folder, which the caller holds locked.
    package static func open(state: String) throws(LedgerError) -> Ledger {
        let path = "\(state)/ledger.sqlite"
        let database = try Database.open(path: path)
        if try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'") == 0 {
            try database.transaction { () throws(LedgerError) in
                try database.execute(Schema.tables)
            }
        }
        try database.check()
        let version = try database.integer("SELECT value FROM meta WHERE name = 'version'")
        guard version == Schema.version else {
            throw .foreignVersion(path: path, expected: Schema.version, got: version)
        }
        try database.checkRows()
        try database.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")
        let epoch = try database.integer("SELECT value FROM meta WHERE name = 'epoch'")
        let nextLease = try database.integer("SELECT value FROM meta WHERE name = 'next_lease'")
        let statements = try LedgerStatements.prepare(database)
        return Ledger(
            database: database,
            state: state,
            epoch: UInt64(epoch),
            nextLease: LeaseID(UInt64(nextLease)),
            statements: statements
        )
    }

    private init(
        database: consuming Database,
        state: String,
        epoch: UInt64,
        nextLease: LeaseID,
        statements: consuming LedgerStatements
    ) {
        self.database = database
        self.state = state
        self.epoch = epoch
        self.nextLease = nextLease
        self.statements = statements
    }
}

/// Holds a job's open segment; a class, as a dictionary cannot hold a value that owns a file.
final class SegmentSlot {
    var writer: SegmentWriter

    init(_ writer: consuming SegmentWriter) {
        self.writer = writer
    }
}
