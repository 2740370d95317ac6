import CSQLite

/// One connection to one SQLite file, for the thread that opened it.
struct Database: ~Copyable {
    private let handle: OpaquePointer
    let path: String

    /// Opens or makes the file, in WAL mode with a full sync of every commit.
    static func open(path: String) throws(LedgerError) -> Database {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &handle, flags, nil)
        guard status == SQLITE_OK, let handle else {
            let message = String(cString: sqlite3_errstr(status))
            sqlite3_close_v2(handle)
            throw .database(path: path, operation: "open", code: status, message: message)
        }
        sqlite3_extended_result_codes(handle, 1)
        let database = Database(handle: handle, path: path)
        try database.execute("PRAGMA journal_mode = WAL")
        try database.execute("PRAGMA synchronous = FULL")
        try database.execute("PRAGMA foreign_keys = ON")
        return database
    }

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
        guard status == SQLITE_OK else { throw failure(sql, status) }
    }

    /// Compiles a statement to be run many times.
    func prepare(_ sql: String) throws(LedgerError) -> Statement {
        var statement: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let status = sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
        guard status == SQLITE_OK, let statement else { throw failure(sql, status) }
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

    /// Runs `body` in one transaction; on an error nothing of it stays.
    func transaction(_ body: () throws(LedgerError) -> Void) throws(LedgerError) {
        try execute("BEGIN IMMEDIATE")
        do throws(LedgerError) {
            try body()
            try execute("COMMIT")
        } catch {
            // The first error is the one to report: SQLite may have rolled back by itself.
            _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    private func failure(_ operation: String, _ status: Int32) -> LedgerError {
        .database(
            path: path,
            operation: "run \(operation.prefix(40))",
            code: status,
            message: String(cString: sqlite3_errmsg(handle))
        )
    }
}
