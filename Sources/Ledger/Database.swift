import CSQLite
import Glibc
import Platform

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

    /// Opens a file that nobody writes to, and writes nothing: neither to it nor beside it.
    ///
    /// SQLite reads a WAL only where it may write; what an earlier life has left in one is read
    /// from a copy.
    static func openToRead(path: String) throws(LedgerError) -> Database {
        let wal = "\(path)-wal"
        let hasWAL = try LedgerError.wrap { () throws(SystemCallError) in
            Files.exists(wal) ? try Files.status(wal).byteCount > 0 : false
        }
        guard hasWAL else {
            // Nobody writes: there is nothing to be locked out, and no WAL to be left out.
            let name = "\(uri(of: path))?immutable=1"
            return try connect(path, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        }
        let folder = "\(Files.temporaryFolder)/kennel-ledger-\(Entropy.identifier())"
        let copy = "\(folder)/ledger.sqlite"
        defer {
            // What is open is read to its end all the same.
            for suffix in ["", "-wal"] { unlink(copy + suffix) }
            rmdir(folder)
        }
        try LedgerError.wrap { () throws(SystemCallError) in
            try Files.makeDirectory(folder)
            for suffix in ["", "-wal"] {
                let byteCount = try Files.status(path + suffix).byteCount
                try Files.copy(path + suffix, to: copy + suffix, byteCount: byteCount)
            }
        }
        let database = try connect(path, copy, SQLITE_OPEN_READWRITE)
        _ = kennel_sqlite_keep_wal(database.handle)
        try database.execute("PRAGMA locking_mode = EXCLUSIVE")
        _ = try database.integer("SELECT count(*) FROM sqlite_schema")
        return database
    }

    private static func uri(of path: String) -> String {
        // Two slashes at a path's beginning would name a host.
        let scheme = path.hasPrefix("/") ? "file://" : "file:"
        let escapes: [Character: String] = ["%": "%25", "?": "%3f", "#": "%23"]
        return path.reduce(into: scheme) { $0 += escapes[$1] ?? String($1) }
    }

    /// - Parameters:
    ///   - path: the file, for messages.
    ///   - name: what SQLite opens; the same unless it is named.
    private static func connect(
        _ path: String,
        _ name: String? = nil,
        _ flags: Int32 = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    ) throws(LedgerError) -> Database {
        var handle: OpaquePointer?
        let status = sqlite3_open_v2(name ?? path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
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
