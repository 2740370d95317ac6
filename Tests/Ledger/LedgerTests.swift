import Glibc
import Ledger
import Platform
import Scheduling
import Testing

/// A ledger in a folder of its own.
struct LedgerBench {
    let state = "\(Files.temporaryFolder)/kennel-ledger-\(Entropy.identifier())"
    static let job = JobID("job")

    init() throws {
        try Files.makeDirectory("\(state)/data")
    }

    static func row(_ state: JobRow.State = .running, id: JobID = Self.job) -> JobRow {
        JobRow(
            id: id,
            identity: "identity",
            specification: "{}",
            state: state,
            message: "",
            inputBytes: 1000,
            created: 1
        )
    }

    static func range(_ number: Int) -> ShardRange {
        ShardRange(
            input: 0,
            byteOffset: number * 100,
            byteCount: 100,
            firstLine: number * 10,
            lineCount: 10,
            recordCount: 9,
            isOverlong: false,
            digest: ContentDigest(high: .max, low: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        )
    }

    static func grant(
        _ number: Int,
        lease: UInt64,
        attempt: Int = 1,
        of job: JobID = Self.job
    ) -> Grant {
        Grant(
            lease: LeaseID(lease),
            shard: ShardID(job: job, number: ShardNumber(number * 10)),
            session: SessionID(high: 1, low: 2),
            worker: "worker",
            attempt: attempt,
            newRange: attempt == 1 ? range(number) : nil,
            cursor: attempt == 1
                ? PlanningCursor(
                    input: 0,
                    byteOffset: (number + 1) * 100,
                    line: (number + 1) * 10,
                    isAtEnd: false
                ) : nil
        )
    }

    static func result(
        _ number: Int,
        lease: UInt64,
        _ text: String,
        of job: JobID = Self.job
    ) -> CompletedResult {
        let digest = XXH3.digest(Array(text.utf8))
        return CompletedResult(
            lease: LeaseID(lease),
            shard: ShardID(job: job, number: ShardNumber(number * 10)),
            bytes: Array(text.utf8),
            digest: ContentDigest(high: digest.high, low: digest.low),
            records: 9,
            failedRecords: 1,
            tokens: 50
        )
    }
}

@Suite("Ledger") struct LedgerTests {
    let bench: LedgerBench

    init() throws {
        bench = try LedgerBench()
    }

    @Test("epochs and leases never repeat over restarts") func countersRise() throws {
        var first = try Ledger.open(state: bench.state)
        #expect(first.epoch == 1)
        try first.write([
            .createJob(LedgerBench.row()),
            .recordGrants([LedgerBench.grant(0, lease: 1), LedgerBench.grant(1, lease: 2)]),
        ])
        _ = consume first
        let second = try Ledger.open(state: bench.state)
        #expect(second.epoch == 2)
        #expect(second.nextLease == LeaseID(3))
    }

    @Test("a recovered job knows its cursor, its open shards and what is answered")
    func recovery() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        try ledger.write([
            .recordGrants([LedgerBench.grant(0, lease: 1), LedgerBench.grant(1, lease: 2)])
        ])
        try ledger.write([.recordGrants([LedgerBench.grant(1, lease: 3, attempt: 2)])])
        try ledger.write([.commitResult(LedgerBench.result(0, lease: 1, "a\n"))])
        _ = consume ledger
        var again = try Ledger.open(state: bench.state)
        let jobs = try again.recover()
        let job = try #require(jobs.first)
        #expect(job.row.state == .running)
        #expect(job.description.cursor.line == 20)
        #expect(job.description.cursor.byteOffset == 200)
        #expect(job.description.progress.records == 9)
        #expect(job.description.progress.failedRecords == 1)
        #expect(job.description.progress.tokens == 50)
        let open = try #require(job.description.openShards.first)
        #expect(job.description.openShards.count == 1)
        #expect(open.range == LedgerBench.range(1))
        #expect(open.attempts == 2)
        #expect(open.leases.map(\.id) == [LeaseID(2), LeaseID(3)])
    }

    @Test("committed answers are found where the ledger says, in input order")
    func answers() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([
            .createJob(LedgerBench.row()),
            .recordGrants([LedgerBench.grant(0, lease: 1), LedgerBench.grant(1, lease: 2)]),
        ])
        try ledger.write([
            .commitResult(LedgerBench.result(1, lease: 2, "second\n")),
            .commitResult(LedgerBench.result(0, lease: 1, "first\n")),
        ])
        let shards = try ledger.committedShards(
            of: LedgerBench.job,
            from: ShardNumber(0),
            count: 10
        )
        #expect(shards.map(\.range.number.value) == [0, 10])
        let directory = Segments.directory(state: bench.state, job: "job")
        let texts = try shards.map { shard in
            let file = try FileDescriptor(opening: Segments.path(directory, shard.segment))
            let bytes = try file.read(count: shard.byteCount, at: shard.segmentOffset)
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(texts == ["first\n", "second\n"])
        let digest = XXH3.digest(Array("first\n".utf8))
        #expect(shards[0].digest == ContentDigest(high: digest.high, low: digest.low))
    }

    @Test("bytes behind the last row are cut off at the next start") func deadTail() throws {
        do {
            var ledger = try Ledger.open(state: bench.state)
            try ledger.write([
                .createJob(LedgerBench.row()),
                .recordGrants([LedgerBench.grant(0, lease: 1)]),
                .commitResult(LedgerBench.result(0, lease: 1, "first\n")),
            ])
        }
        let path = Segments.path(Segments.directory(state: bench.state, job: "job"), 0)
        do {
            let file = try FileDescriptor(opening: path, flags: O_RDWR)
            try Array("half an ans".utf8).withUnsafeBytes { try file.write($0, at: 6) }
        }
        var again = try Ledger.open(state: bench.state)
        _ = try again.recover()
        #expect(try Files.status(path).byteCount == 6)
    }

    @Test("a segment shorter than the ledger says is damage, named by its path")
    func shortSegment() throws {
        do {
            var ledger = try Ledger.open(state: bench.state)
            try ledger.write([
                .createJob(LedgerBench.row()),
                .recordGrants([LedgerBench.grant(0, lease: 1)]),
                .commitResult(LedgerBench.result(0, lease: 1, "first\n")),
            ])
        }
        let path = Segments.path(Segments.directory(state: bench.state, job: "job"), 0)
        #expect(truncate(path, 3) == 0)
        var again = try Ledger.open(state: bench.state)
        let error = #expect(throws: LedgerError.self) { _ = try again.recover() }
        #expect(error?.description.contains(path) == true)
    }

    @Test("a group that fails leaves no row of it") func atomicity() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        #expect(throws: LedgerError.self) {
            try ledger.write([
                .recordGrants([LedgerBench.grant(0, lease: 1)]),
                .createJob(LedgerBench.row()),
            ])
        }
        let jobs = try ledger.recover()
        #expect(jobs.first?.description.openShards.isEmpty == true)
    }

    @Test("a ledger of another version is refused by name") func foreignVersion() throws {
        do { _ = try Ledger.open(state: bench.state) }
        try bench.setVersion(99)
        let error = #expect(throws: LedgerError.self) {
            _ = try Ledger.open(state: bench.state)
        }
        #expect(error?.description.contains("99") == true)
    }

    @Test("a file that is no database is refused, not overwritten") func notADatabase() throws {
        let path = "\(bench.state)/ledger.sqlite"
        do {
            let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
            let text = [UInt8](repeating: 65, count: 4096)
            try text.withUnsafeBytes { try file.write($0, at: 0) }
        }
        let error = #expect(throws: LedgerError.self) { _ = try Ledger.open(state: bench.state) }
        #expect(error?.description.contains("is damaged") == true)
        #expect(try Files.status(path).byteCount == 4096)
    }

    @Test("a ledger with a damaged page is refused before anything is read from it")
    func damagedPage() throws {
        let path = "\(bench.state)/ledger.sqlite"
        do {
            var ledger = try Ledger.open(state: bench.state)
            #expect(try ledger.checkpointIfNeeded(isIdle: true))
        }
        let byteCount = try Files.status(path).byteCount
        let file = try FileDescriptor(opening: path, flags: O_RDWR)
        let text = [UInt8](repeating: 0x5A, count: 400)
        // Every page but the first, which holds the schema.
        for offset in stride(from: 4096, to: byteCount, by: 4096) {
            try text.withUnsafeBytes { try file.write($0, at: offset) }
        }
        let error = #expect(throws: LedgerError.self) { _ = try Ledger.open(state: bench.state) }
        #expect(error?.description.contains("is damaged") == true, "\(String(describing: error))")
    }

    @Test("the thread reports writes only once they are durable, in order")
    func threadReports() throws {
        let events = EventList()
        let thread = LedgerThread(try Ledger.open(state: bench.state)) { events.append($0) }
        thread.write(.createJob(LedgerBench.row()))
        for number in 0..<50 {
            thread.write(.recordGrants([LedgerBench.grant(number, lease: UInt64(number + 1))]))
        }
        thread.stop()
        let leases = events.grants
        #expect(leases == (1...50).map { LeaseID(UInt64($0)) })
        var again = try Ledger.open(state: bench.state)
        let jobs = try again.recover()
        #expect(jobs.first?.description.openShards.count == 50)
    }
}
