/// What a sound file may hold all the same and no Kennel writes: a reader that trusted it could
/// overflow a sum, or leave the state folder by a job's name.
extension Database {
    /// Above every size, count and place of a job: their sums stay within 64 bits.
    private static let countMax = 1 << 46
    /// Above every lease; the epochs of that many lives fit beside a worker's generation.
    private static let leaseMax = 1 << 62
    private static let epochMax = 1 << 31

    private static let counts = [
        "jobs": [
            "input_bytes", "cursor_input", "cursor_byte", "cursor_line", "cursor_end",
        ],
        "shards": [
            "number", "input", "byte_offset", "byte_count", "line_count", "record_count",
            "attempts", "half", "overlong", "segment", "segment_offset", "answer_bytes",
            "failed_records", "tokens",
        ],
        "leases": ["shard"],
        "strikes": ["shard"],
        "sums": [
            "shards", "bytes", "records", "failed_records", "tokens", "attempts", "strikes",
        ],
    ]

    /// Refuses rows with such values; it is another pass over each table, as `check` is.
    func checkRows() throws(LedgerError) {
        for (table, columns) in Self.counts {
            let isSound = columns.map { Self.isWhole($0, upTo: Self.countMax) }
            try refuse(table, unless: isSound.joined(separator: " AND "), "a count or a place")
        }
        try refuse("shards", unless: Self.isWhole("lease", upTo: Self.leaseMax), "a lease")
        try refuse("leases", unless: Self.isWhole("id", upTo: Self.leaseMax), "a lease")
        let isLease = Self.isWhole("value", upTo: Self.leaseMax)
        let isEpoch = Self.isWhole("value", upTo: Self.epochMax)
        try refuse("meta", unless: "\(isLease) AND (name <> 'epoch' OR \(isEpoch))", "a counter")
        // The name of a job is the name of a folder, too.
        let isName = "typeof(id) = 'text' AND id <> '' AND NOT id GLOB '*[^0-9A-Za-z]*'"
        try refuse("jobs", unless: isName, "a job's name")
    }

    /// True of null, too, which the table itself refuses where it must not be.
    private static func isWhole(_ column: String, upTo most: Int) -> String {
        "(\(column) IS NULL OR typeof(\(column)) = 'integer' AND \(column) BETWEEN 0 AND \(most))"
    }

    private func refuse(
        _ table: String,
        unless condition: String,
        _ what: String
    ) throws(LedgerError) {
        let count = try integer("SELECT count(*) FROM \(table) WHERE NOT (\(condition))")
        guard count == 0 else {
            throw .damaged(
                path: path,
                what: "its table \(table) holds \(what) that no Kennel writes"
            )
        }
    }
}
