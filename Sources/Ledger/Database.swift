import CSQLite
import Glibc

/// One connection to one SQLite file, for the thread that opened it.
///
/// The file is locked for as long as it is open, so that no other connection can meet this one.
struct Database: ~Copyable {
    let handle: OpaquePointer
    let path: String

    /// Opens or makes the file, in WAL mode with a full sync of every commit.
    static func open(path: String) throws(LedgerError) -> Database {
        let database = try connect(path)
        // A checkpoint is made when we ask for it: after a failed sync, never again.
        _ = kennel_sqlite_keep_wal(database.handle)
        try database.execute("PRAGMA locking_mode = EXCLUSIVE")
        try database.execute("PRAGMA journal_mode = WAL")
        try database.execute("PRAGMA wal_autocheckpoint = 0")
        try database.execute("PRAGMA synchronous = FULL")
        try database.execute("PRAGMA foreign_keys = ON")
        try database.execute("PRAGMA cache_size = -\(cacheKiB)")
        return database
    }

    /// Opens or makes a file that no coordinator works with, and leaves nothing beside it.
    static func openCopy(path: String) throws(LedgerError) -> Database {
        try connect(path)
    }

    private static func connect(_ path: String) throws(LedgerError) -> Database {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &handle, flags, nil)
        guard status == SQLITE_OK, let handle else {
            let message = String(cString: sqlite3_errstr(status))
            sqlite3_close_v2(handle)
            throw .database(path: path, operation: "open", code: status, message: message)
        }
        sqlite3_extended_result_codes(handle, 1)
        return Database(handle: handle, path: path)
    }

    /// Pages that are kept in memory.
    private static let cacheKiB = 32 << 10

    private init(handle: OpaquePointer, path: String) {
        self.handle = handle
        self.path = path
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give no rows.
    func execute(_ sql: String) throws(LedgerError) {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw failure(sql) }
    }

    /// Compiles a statement to be run many times.
    func prepare(_ sql: String) throws(LedgerError) -> Statement {
        var statement: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let status = sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
        guard status == SQLITE_OK, let statement else { throw failure(sql) }
        return Statement(statement, connection: handle, path: path)
    }

    /// The single integer that a query gives; 0 where it gives none.
    func integer(_ sql: String) throws(LedgerError) -> Int {
        var value = 0
        try prepare(sql).rows { value = $0.integer(0) }
        return value
    }

    /// Refuses a file whose pages contradict each other, as far as SQLite's quick look tells.
    func check() throws(LedgerError) {
        var found = ""
        try prepare("PRAGMA quick_check(1)").rows { found = $0.text(0) }
        guard found == "ok" else { throw .damaged(path: path, what: found) }
    }

    /// Rows that the last statement inserted, changed or removed by itself.
    var changeCount: Int { Int(sqlite3_changes(handle)) }

    /// Runs `body` in one transaction; on an error nothing of it stays.
    func transaction(_ body: () throws(LedgerError) -> Void) throws(LedgerError) {
        try execute("BEGIN IMMEDIATE")
        do throws(LedgerError) {
            try body()
            try execute("COMMIT")
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends the open transaction, of which nothing stays; SQLite may have done so by itself.
    func rollBack() {
        // The error that leads here is the one to report.
        if sqlite3_get_autocommit(handle) == 0 {
            _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
        }
    }

    /// Moves what the WAL holds to the main file, syncs that, and empties the WAL.
    func checkpoint() throws(LedgerError) {
        let mode = SQLITE_CHECKPOINT_TRUNCATE
        let status = sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, nil)
        guard status == SQLITE_OK else { throw failure("a checkpoint") }
    }

    private func failure(_ operation: String) -> LedgerError {
        .database(path: path, operation: "run \(operation.prefix(40))", connection: handle)
    }
}

extension LedgerError {
    /// The last failure of a connection.
    static func database(path: String, operation: String, connection: OpaquePointer) -> Self {
        var code = sqlite3_extended_errcode(connection)
        // SQLite knows a full disk, but takes a user's full share of it for a broken one.
        if code == kennel_sqlite_ioerr_write, sqlite3_system_errno(connection) == EDQUOT {
            code = SQLITE_FULL
        }
        let message = String(cString: sqlite3_errmsg(connection))
        return .database(path: path, operation: operation, code: code, message: message)
    }
}
