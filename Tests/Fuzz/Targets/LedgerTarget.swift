import CSQLite
import Coordinator
import Glibc
import Ledger
import Platform
import Records
import Scheduling

extension FuzzTarget {
    /// Damage done to a sound ledger: byte 0 even for bytes of the file, odd for values in rows.
    static let ledger = FuzzTarget(
        "ledger",
        byteCountMax: 512,
        testRuns: 200,
        dictionary: [
            "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{7F}", "SQLite format 3\u{0}", "\u{0}\u{7F}",
        ]
    ) { input in
        var reader = InputReader(input)
        if reader.byte() & 1 == 0 {
            sound.restore(patched: &reader)
        } else {
            sound.restore()
            var edits: [LedgerEdit] = []
            while !reader.rest.isEmpty { edits.append(LedgerEdit(&reader)) }
            LedgerEdit.apply(edits, to: sound.path)
        }
        do throws(LedgerError) {
            return try opened()
        } catch {
            return .refused(error.description)
        }
    }

    /// Opens the ledger as a coordinator does, up to where it would bind its socket.
    private static func opened() throws(LedgerError) -> FuzzOutcome {
        var ledger = try Ledger.open(state: sound.state)
        let jobs = try ledger.recover()
        let specifications: [JobID: JobSpecification]
        do throws(CoordinatorError) {
            specifications = try Coordinator.specifications(of: jobs, path: sound.path)
        } catch {
            return .refused(error.description)
        }
        var core = CoordinatorCore(
            limits: SchedulerLimits(),
            epoch: ledger.epoch,
            nextLease: ledger.nextLease,
            specifications: specifications,
            now: MonotonicTime(nanoseconds: 1)
        )
        _ = core.start(jobs)
        for job in jobs {
            _ = try ledger.committedShards(of: job.row.id, from: ShardNumber(0), count: 100)
        }
        _ = core.turnEnded(isDrained: true, now: MonotonicTime(nanoseconds: 2))
        return .taken
    }

    private static let sound = SoundLedger()
}

/// A ledger with a job, a shard that is answered and two that are not, and with a job that is done.
private struct SoundLedger: Sendable {
    let state = Scratch.folder("ledger")
    let path: String
    private let file: [UInt8]
    private static let job = JobID("job")
    private static let done = JobID("done")

    init() {
        path = "\(state)/ledger.sqlite"
        do {
            try Self.fill(state)
            let descriptor = try FileDescriptor(opening: path)
            file = try descriptor.read(count: descriptor.status().byteCount, at: 0)
        } catch {
            preconditionFailure("a sound ledger is made: \(error)")
        }
    }

    private static func fill(_ state: String) throws {
        try Files.makeDirectory("\(state)/data")
        var ledger = try Ledger.open(state: state)
        try ledger.write([.createJob(row(job)), .recordGrants((0..<3).map { grant(job, $0) })])
        let strike = Strike(machine: "machine", kind: .lost)
        try ledger.write([
            .commitResult(result(job, lease: 1)),
            .recordStrike(ShardID(job: job, number: ShardNumber(10)), strike),
        ])
        try ledger.write([.createJob(row(done)), .recordGrants([grant(done, 3)])])
        try ledger.write([.commitResult(result(done, lease: 4)), .beginPublishing(done)])
        try ledger.write([.finishJob(done, .done, message: "")])
    }

    private static func row(_ job: JobID) -> JobRow {
        let specification = JobSpecification(
            inputs: [],
            modelPath: "/model",
            modelDigest: "digest",
            options: TaskOptions(),
            output: "/output",
            rejects: nil,
            replacesOutput: false
        )
        return JobRow(
            id: job,
            identity: "identity of \(job)",
            specification: CanonicalJSON.encode(specification),
            state: .running,
            message: "",
            inputBytes: 1000,
            created: 1
        )
    }

    private static func result(_ job: JobID, lease: UInt64) -> CompletedResult {
        CompletedResult(
            lease: LeaseID(lease),
            shard: ShardID(job: job, number: ShardNumber(lease == 1 ? 0 : 30)),
            bytes: Array("first\n".utf8),
            digest: ContentDigest(high: 3, low: 4),
            records: 9,
            failedRecords: 1,
            tokens: 50
        )
    }

    private static func grant(_ job: JobID, _ number: Int) -> Grant {
        Grant(
            lease: LeaseID(UInt64(number + 1)),
            shard: ShardID(job: job, number: ShardNumber(number * 10)),
            session: SessionID(high: 1, low: 2),
            worker: "worker",
            attempt: 1,
            newRange: ShardRange(
                input: 0,
                byteOffset: number * 100,
                byteCount: 100,
                firstLine: number * 10,
                lineCount: 10,
                recordCount: 9,
                isOverlong: false,
                digest: ContentDigest(high: .max, low: UInt64(number))
            ),
            cursor: PlanningCursor(
                input: 0,
                byteOffset: (number + 1) * 100,
                line: (number + 1) * 10,
                isAtEnd: false
            )
        )
    }

    /// Puts the sound files in their places.
    func restore() {
        place(file)
    }

    /// The same with pieces of the file replaced: each an offset of three bytes, a count, bytes.
    func restore(patched reader: inout InputReader) {
        var bytes = file
        while !reader.rest.isEmpty {
            let offset = Int(reader.integer(bytes: 3)) % bytes.count
            let count = Int(reader.byte())
            if count == 0 {
                bytes.removeSubrange((offset + 1)...)
                continue
            }
            let patch = reader.take(count).prefix(bytes.count - offset)
            bytes.replaceSubrange(offset..<offset + patch.count, with: patch)
        }
        place(bytes)
    }

    private func place(_ bytes: [UInt8]) {
        for name in ["ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite", "data"] {
            Scratch.remove("\(state)/\(name)")
        }
        for folder in ["data", "data/out", "data/out/job", "data/out/done"] {
            mkdir("\(state)/\(folder)", 0o700)
        }
        for job in ["job", "done"] { Scratch.write("\(state)/data/out/\(job)/0.jsonl", "first\n") }
        bytes.withUnsafeBytes { Scratch.write(path, $0) }
    }
}

/// A value in a row that was replaced.
private struct LedgerEdit {
    private let statement: String

    private static let columns = [
        "meta.value", "jobs.id", "jobs.identity", "jobs.specification", "jobs.state",
        "jobs.message", "jobs.input_bytes", "jobs.cursor_input", "jobs.cursor_byte",
        "jobs.cursor_line", "jobs.cursor_end", "jobs.mark_segment", "jobs.mark_offset",
        "jobs.created", "shards.number", "shards.input",
        "shards.byte_offset", "shards.byte_count", "shards.line_count", "shards.record_count",
        "shards.overlong", "shards.digest_high", "shards.attempts", "shards.half",
        "shards.lease", "shards.segment", "shards.segment_offset", "shards.answer_bytes",
        "shards.answer_high", "shards.answer_low",
        "shards.failed_records", "shards.tokens", "leases.id", "leases.job", "leases.shard",
        "leases.worker", "strikes.shard", "strikes.machine", "strikes.kind", "sums.job",
        "sums.shards", "sums.bytes", "sums.records", "sums.failed_records", "sums.tokens",
        "sums.attempts", "sums.strikes",
    ]

    /// Column, row, kind of the value, and the value, of three bytes and up to 12 more.
    init(_ reader: inout InputReader) {
        let column = Self.columns[Int(reader.byte()) % Self.columns.count]
        let parts = column.split(separator: ".")
        let row = reader.byte() % 4
        let value: String
        switch reader.byte() % 6 {
        case 0: value = "\(Int64(bitPattern: reader.integer(bytes: 8)))"
        case 1: value = "\(Int8(bitPattern: reader.byte()))"
        case 2:
            value =
                ["9223372036854775807", "(-9223372036854775807 - 1)", "-1", "1e300"][
                    Int(reader.byte() & 3)
                ]
        case 3: value = "NULL"
        default:
            let hexadecimal = reader.take(Int(reader.byte() % 12)).map { byte in
                let digits = String(byte, radix: 16)
                return digits.utf8.count == 1 ? "0\(digits)" : digits
            }
            value = "CAST(x'\(hexadecimal.joined())' AS TEXT)"
        }
        let key = ["meta": "name", "jobs": "id", "shards": "number"][parts[0]] ?? "rowid"
        let chosen = "(SELECT \(key) FROM \(parts[0]) LIMIT 1 OFFSET \(row))"
        statement = "UPDATE \(parts[0]) SET \(parts[1]) = \(value) WHERE \(key) = \(chosen)"
    }

    /// Makes the changes; what SQLite itself refuses is left as it was.
    static func apply(_ edits: [LedgerEdit], to path: String) {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK else { return }
        defer { sqlite3_close(handle) }
        for sql in ["PRAGMA synchronous = OFF", "BEGIN"] + edits.map(\.statement) + ["COMMIT"] {
            sqlite3_exec(handle, sql, nil, nil, nil)
        }
    }
}
