import CSQLite

/// What a ledger tells of the work behind its jobs; read while no coordinator has it open.
package struct LedgerFigures {
    /// Shards of all jobs.
    package let shards: Int
    /// Times that a shard was given to a worker.
    package let attempts: Int
    /// Strikes that still stand against shards.
    package let strikes: Int
    /// Lives of the coordinator.
    package let epoch: Int

    /// Shards that were given to more than one worker, one after the other, counted each time.
    package var repeats: Int { attempts - shards }

    /// Reads the ledger of a state folder.
    package init(state: String) throws {
        var connection: OpaquePointer?
        let path = "\(state)/ledger.sqlite"
        defer { sqlite3_close(connection) }
        // The system's own files by name: another test may have put a layer under all others.
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, "unix") == SQLITE_OK else {
            throw ChaosFailure("\(path) cannot be opened")
        }
        func number(_ query: String) throws -> Int {
            var statement: OpaquePointer?
            defer { sqlite3_finalize(statement) }
            guard sqlite3_prepare_v2(connection, query, -1, &statement, nil) == SQLITE_OK,
                sqlite3_step(statement) == SQLITE_ROW
            else { throw ChaosFailure("\(path) has no answer to \(query)") }
            return Int(sqlite3_column_int64(statement, 0))
        }
        // Of jobs that ended for good a sum is kept; rows of their shards may still be there.
        func total(_ column: String, of table: String, _ sum: String) throws -> Int {
            try number(
                "SELECT (SELECT coalesce(sum(\(sum)), 0) FROM sums) + (SELECT \(column) "
                    + "FROM \(table) WHERE job NOT IN (SELECT job FROM sums))"
            )
        }
        shards = try total("count(*)", of: "shards", "shards")
        attempts = try total("coalesce(sum(attempts), 0)", of: "shards", "attempts")
        strikes = try total("count(*)", of: "strikes", "strikes")
        epoch = try number("SELECT value FROM meta WHERE name = 'epoch'")
    }
}
