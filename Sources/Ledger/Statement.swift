import CSQLite

/// A compiled statement; valid while its connection is.
struct Statement: ~Copyable {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private let path: String

    init(_ handle: OpaquePointer, connection: OpaquePointer, path: String) {
        self.handle = handle
        self.connection = connection
        self.path = path
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Runs once with these values and no rows to read.
    func run(_ values: SQLValue...) throws(LedgerError) {
        try bind(values)
        defer { sqlite3_reset(handle) }
        guard sqlite3_step(handle) == SQLITE_DONE else { throw failure() }
    }

    /// Calls `row` for every row, in the statement's order.
    func rows(
        _ values: SQLValue...,
        row: (borrowing Row) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        try rows(values, row: row)
    }

    /// The same with values that somebody else was given.
    func rows(
        _ values: [SQLValue],
        row: (borrowing Row) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        try bind(values)
        defer { sqlite3_reset(handle) }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: try row(Row(handle))
            case SQLITE_DONE: return
            default: throw failure()
            }
        }
    }

    private func bind(_ values: [SQLValue]) throws(LedgerError) {
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let status =
                switch value {
                case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
                case .text(let text):
                    // The size in bytes, and a copy of SQLite's own: -1 is its SQLITE_TRANSIENT.
                    sqlite3_bind_text(
                        handle,
                        index,
                        text,
                        Int32(text.utf8.count),
                        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
                    )
                case .null: sqlite3_bind_null(handle, index)
                }
            guard status == SQLITE_OK else { throw failure() }
        }
    }

    private func failure() -> LedgerError {
        .database(
            path: path,
            operation: "run \(String(cString: sqlite3_sql(handle)).prefix(40))",
            connection: connection
        )
    }
}

/// A value that a statement takes.
enum SQLValue {
    case integer(Int64)
    case text(String)
    case null

    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }

    /// The same 64 bits: SQLite's integers are signed.
    static func bits(_ value: UInt64) -> SQLValue { .integer(Int64(bitPattern: value)) }
}

/// The current row of a statement.
struct Row: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

    func bits(_ column: Int32) -> UInt64 {
        UInt64(bitPattern: sqlite3_column_int64(handle, column))
    }

    func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        return String(cString: text)
    }
}
