import Glibc
import Platform
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
    /// The numbers of jobs, as far as they were asked for.
    var numbers: [JobID: Int] = [:]
    /// Jobs that are done or cancelled and are still known: "already done" is said of these.
    var endedJobsMax = 10_000
    /// Jobs whose last row of a shard was removed since the oldest jobs were looked for.
    var endsSinceLook = 0
    /// Bytes of the WAL above which a checkpoint is made.
    var checkpointAt = Self.walByteCountMax

    let statements: LedgerStatements

    /// Opens or makes the ledger of a state folder, which the caller holds locked.
    package static func open(state: String) throws(LedgerError) -> Ledger {
        let path = Self.path(state: state)
        let database = try Database.open(path: path)
        if try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'") == 0 {
            try database.transaction { () throws(LedgerError) in
                try database.execute(Schema.new)
            }
        }
        try database.check()
        try Migration.run(on: database)
        try database.checkRows()
        try database.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")
        return try Ledger(database, state: state)
    }

    /// Opens a ledger that nobody works with to look at it; nothing in its folder is changed.
    package static func visit(state: String) throws(LedgerError) -> Ledger {
        let path = Self.path(state: state)
        guard Files.exists(path) else { throw .file(SystemCallError("open", path, code: ENOENT)) }
        let database = try Database.openToRead(path: path)
        try database.check()
        let version = try database.integer("SELECT value FROM meta WHERE name = 'version'")
        guard version == Schema.version else {
            throw .foreignVersion(path: path, expected: Schema.version, got: version)
        }
        try database.checkRows()
        return try Ledger(database, state: state)
    }

    private init(_ database: consuming Database, state: String) throws(LedgerError) {
        let epoch = try database.integer("SELECT value FROM meta WHERE name = 'epoch'")
        let nextLease = try database.integer("SELECT value FROM meta WHERE name = 'next_lease'")
        statements = try LedgerStatements.prepare(database)
        self.database = database
        self.state = state
        self.epoch = UInt64(epoch)
        self.nextLease = LeaseID(UInt64(nextLease))
    }

    /// The ledger's own file in a state folder.
    package static func path(state: String) -> String { "\(state)/ledger.sqlite" }
}

/// Holds a job's open segment; a class, as a dictionary cannot hold a value that owns a file.
final class SegmentSlot {
    var writer: SegmentWriter
    /// Segment and offset that the job's row has as its mark.
    var mark: (segment: Int, offset: Int)

    init(_ writer: consuming SegmentWriter, mark: (segment: Int, offset: Int)) {
        self.writer = writer
        self.mark = mark
    }

    /// The place behind the last answers.
    var end: (segment: Int, offset: Int) { (writer.segment, writer.byteCount) }
}
