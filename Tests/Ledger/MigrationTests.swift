import CSQLite
import Glibc
import Platform
import Scheduling
import TestSupport
import Testing

@testable import Ledger

/// A ledger as an older Kennel wrote it.
struct OldLedger {
    private static let tablesOfVersion1 = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY, identity TEXT NOT NULL, specification TEXT NOT NULL,
            state INTEGER NOT NULL, message TEXT NOT NULL, input_bytes INTEGER NOT NULL,
            cursor_input INTEGER NOT NULL, cursor_byte INTEGER NOT NULL,
            cursor_line INTEGER NOT NULL, cursor_shard INTEGER NOT NULL,
            cursor_end INTEGER NOT NULL, created INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE shards (
            job TEXT NOT NULL REFERENCES jobs(id), number INTEGER NOT NULL,
            input INTEGER NOT NULL, byte_offset INTEGER NOT NULL, byte_count INTEGER NOT NULL,
            first_line INTEGER NOT NULL, line_count INTEGER NOT NULL,
            record_count INTEGER NOT NULL, overlong INTEGER NOT NULL,
            digest_high INTEGER NOT NULL, digest_low INTEGER NOT NULL,
            attempts INTEGER NOT NULL, lease INTEGER,
            segment INTEGER, segment_offset INTEGER, answer_bytes INTEGER,
            answer_high INTEGER, answer_low INTEGER,
            failed_records INTEGER, tokens INTEGER,
            PRIMARY KEY (job, number)
        ) WITHOUT ROWID;
        CREATE TABLE leases (
            id INTEGER PRIMARY KEY, job TEXT NOT NULL, shard INTEGER NOT NULL,
            worker TEXT NOT NULL
        );
        INSERT INTO meta VALUES ('version', 1), ('epoch', 4), ('next_lease', 41);
        INSERT INTO jobs VALUES
            ('job', 'identity', '{}', 0, '', 4000, 0, 4000, 400, 40, 1, 1),
            ('earlier', 'other', '{}', 2, 'gone', 10, 0, 10, 1, 1, 1, 0);
        """

    private static let tablesOfVersion2 = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('version', 2), ('epoch', 4), ('next_lease', 41);
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
        INSERT INTO jobs VALUES
            (1, 'earlier', 'other', '{}', 2, 'gone', 10, 0, 10, 1, 1, 0, 0, 0),
            (2, 'job', 'identity', '{}', 0, '', 4000, 0, 4000, 400, 1, 0, 0, 1);
        INSERT INTO shards VALUES (1, 0, 0, 0, 10, 1, 1, 0, 1, 2, 1, 0, 40, 0, 0, 3, 1, 2, 1, 7);
        """

    /// Forty shards, the even ones answered, the odd ones leased.
    static func make(in state: String, version: Int) throws {
        try Files.makeDirectory("\(state)/data")
        var answers: [UInt8] = []
        var rows = ""
        for number in 0..<40 {
            let bytes = Array("answer \(number)\n".utf8)
            let digest = XXH3.digest(bytes)
            let answer =
                number % 2 == 0
                ? "\(number + 1), 0, \(answers.count), \(bytes.count), "
                    + "\(Int64(bitPattern: digest.high)), \(Int64(bitPattern: digest.low)), 0, 5"
                : "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
            let place = "0, \(number * 100), 100"
            let input = "0, -1, \(number), 2"
            rows +=
                version == 1
                ? "INSERT INTO shards VALUES ('job', \(number), \(place), \(number * 10), 10, 9, "
                    + "\(input), \(answer));"
                : "INSERT INTO shards VALUES (2, \(number * 10), \(place), 10, 9, \(input), 0, "
                    + "\(answer));"
            if number % 2 == 0 {
                answers += bytes
            } else {
                rows +=
                    version == 1
                    ? "INSERT INTO leases VALUES (\(number + 1), 'job', \(number), 'w');"
                    : "INSERT INTO leases VALUES (2, \(number * 10), \(number + 1), 'w');"
            }
        }
        let directory = Segments.directory(state: state, job: "job")
        try Files.makeDirectory(directory)
        let file = try FileDescriptor(
            opening: Segments.path(directory, 0),
            flags: O_RDWR | O_CREAT
        )
        try answers.withUnsafeBytes { try file.write($0, at: 0) }
        let database = try Database.open(path: Ledger.path(state: state))
        try database.execute((version == 1 ? tablesOfVersion1 : tablesOfVersion2) + rows)
        try database.checkpoint()
    }
}

@Suite("An older ledger") struct MigrationTests {
    private static let versions = Array(1..<Schema.version)

    private func old(_ version: Int) throws -> String {
        let state = "\(Files.temporaryFolder)/kennel-old-\(Entropy.identifier())"
        try OldLedger.make(in: state, version: version)
        return state
    }

    private func expectMigrated(_ state: String) throws {
        var ledger = try Ledger.open(state: state)
        #expect(ledger.nextLease == LeaseID(41))
        let jobs = try ledger.recover()
        #expect(jobs.map(\.row.id.description) == ["earlier", "job"])
        #expect(jobs[0].row.state == .done)
        #expect(jobs[0].row.message == "gone")
        let job = jobs[1].description
        #expect(job.cursor.line == 400)
        #expect(job.cursor.isAtEnd)
        #expect(job.progress.shards == 20)
        #expect(job.progress.tokens == 100)
        #expect(job.openShards.map(\.range.firstLine) == (0..<20).map { $0 * 20 + 10 })
        #expect(job.openShards.allSatisfy { $0.attempts == 2 && !$0.isHalf })
        #expect(job.openShards.map(\.leases.first?.id.value) == (0..<20).map { $0 * 2 + 2 })
        let shards = try ledger.committedShards(
            of: LedgerBench.job,
            from: ShardNumber(0),
            count: 100
        )
        var reader = SegmentReader(state: state, job: LedgerBench.job)
        for (index, shard) in shards.enumerated() {
            #expect(shard.range.number.value == index * 20)
            #expect(try reader.read(shard) == Array("answer \(index * 2)\n".utf8))
        }
    }

    @Test("jobs, shards, leases and answers are found in the tables of now", arguments: versions)
    func contents(version: Int) throws {
        let state = try old(version)
        try expectMigrated(state)
        // And once more, when there is nothing left to do.
        try expectMigrated(state)
    }

    @Test(
        "cut off at any moment, it is found in the old version or the new one, and whole",
        arguments: versions
    )
    func cuts(version: Int) throws {
        let state = try old(version)
        let cuts = try Cuts(in: state)
        do { _ = try Ledger.open(state: state) }
        let found = cuts.end()
        #expect(found.count > 10)
        var versions: [Int] = []
        for cut in found {
            try Cuts.lay(cut.image, in: state)
            do {
                let database = try Database.open(path: Ledger.path(state: state))
                try database.check()
                versions.append(
                    try database.integer("SELECT value FROM meta WHERE name = 'version'")
                )
            }
            try expectMigrated(state)
        }
        #expect(versions == versions.sorted())
        #expect(Set(versions) == [version, Schema.version])
    }

    @Test("its tables are then those of a new ledger", arguments: versions)
    func schema(version: Int) throws {
        let state = try old(version)
        do { _ = try Ledger.open(state: state) }
        let bench = try LedgerBench()
        do { _ = try Ledger.open(state: bench.state) }
        let sql = "SELECT name || coalesce(sql, '') FROM sqlite_schema ORDER BY name"
        var tables: [[String]] = []
        for state in [state, bench.state] {
            let database = try Database.open(path: Ledger.path(state: state))
            var rows: [String] = []
            try database.prepare(sql).rows { rows.append($0.text(0)) }
            tables.append(rows)
        }
        #expect(tables[0] == tables[1])
    }

    @Test("a job that was done keeps what it had answered when its shards' rows go")
    func sums() throws {
        let state = try old(2)
        var ledger = try Ledger.open(state: state)
        _ = try ledger.recover()
        try ledger.write([.forgetShards(JobID("earlier"))])
        let progress = try #require(try ledger.job(JobID("earlier"))).description.progress
        #expect(progress.shards == 1)
        #expect(progress.tokens == 7)
        #expect(progress.failedRecords == 1)
    }

    @Test("steps lead from each version to the next, up to that of now") func steps() {
        #expect(Migration.all.map(\.version) == Array(2...Schema.version))
    }

    @Test("a version before the first is refused by name") func tooOld() throws {
        let state = try old(1)
        do {
            let database = try Database.open(path: Ledger.path(state: state))
            try database.execute("UPDATE meta SET value = 0 WHERE name = 'version'")
        }
        let error = #expect(throws: LedgerError.self) { _ = try Ledger.open(state: state) }
        #expect(error?.description.contains("schema version 0") == true)
    }
}
