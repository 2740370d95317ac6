import Glibc
import Platform
import Scheduling
import Testing

@testable import Ledger

@Suite("A ledger's start") struct RecoveryTests {
    let bench: LedgerBench
    private let directory: String

    init() throws {
        bench = try LedgerBench()
        directory = Segments.directory(state: bench.state, job: "job")
    }

    /// A ledger with so many answered shards.
    private func answer(_ numbers: Range<Int>) throws -> Ledger {
        var ledger = try Ledger.open(state: bench.state)
        if numbers.lowerBound == 0 { try ledger.write([.createJob(LedgerBench.row())]) }
        try answer(numbers, &ledger)
        return ledger
    }

    private func answer(_ numbers: Range<Int>, _ ledger: inout Ledger) throws {
        for number in numbers {
            let lease = UInt64(number + 1)
            try ledger.write([
                .recordGrants([LedgerBench.grant(number, lease: lease)]),
                .commitResult(LedgerBench.result(number, lease: lease, "answer \(number)\n")),
            ])
        }
    }

    private func overwrite(at offset: Int) throws {
        let file = try FileDescriptor(opening: Segments.path(directory, 0), flags: O_RDWR)
        try Array("X".utf8).withUnsafeBytes { try file.write($0, at: offset) }
    }

    private func write(_ path: String) throws {
        try Files.makeDirectory(Files.directory(of: path))
        let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
        try Array("dead".utf8).withUnsafeBytes { try file.write($0, at: 0) }
    }

    @Test("answers that changed since the last checkpoint are damage, with exit code 76 in mind")
    func changedAnswer() throws {
        do { _ = try answer(0..<3) }
        try overwrite(at: 12)
        var again = try Ledger.open(state: bench.state)
        let error = #expect(throws: LedgerError.self) { _ = try again.recover() }
        #expect(error?.isDamage == true)
        #expect(error?.description.contains("the answers of shard 10 have changed") == true)
    }

    @Test("answers before the checkpoint's mark are not read again, those behind it are")
    func mark() throws {
        do {
            var ledger = try answer(0..<3)
            #expect(try ledger.checkpointIfNeeded(isIdle: true))
            #expect(ledger.walByteCount == 0)
            #expect(try !ledger.checkpointIfNeeded(isIdle: true))
            try answer(3..<5, &ledger)
        }
        try overwrite(at: 12)
        do {
            var again = try Ledger.open(state: bench.state)
            let jobs = try again.recover()
            #expect(jobs.first?.description.progress.shards == 5)
            try again.write([
                .recordGrants([LedgerBench.grant(5, lease: 6)]),
                .commitResult(LedgerBench.result(5, lease: 6, "answer 5\n")),
            ])
        }
        try overwrite(at: 9 * 5 + 2)
        var again = try Ledger.open(state: bench.state)
        let error = #expect(throws: LedgerError.self) { _ = try again.recover() }
        #expect(error?.description.contains("the answers of shard 50 have changed") == true)
    }

    @Test("what no row names is removed, and nothing else") func unreferenced() throws {
        do { _ = try answer(0..<2) }
        try write("\(directory)/1.jsonl")
        try write("\(bench.state)/data/out/other/0.jsonl")
        try write("\(bench.state)/data/in/spool")
        var again = try Ledger.open(state: bench.state)
        _ = try again.recover()
        #expect(try Files.names(in: directory) == ["0.jsonl"])
        #expect(try Files.names(in: "\(bench.state)/data/out") == ["job"])
        #expect(try Files.names(in: "\(bench.state)/data/in") == ["spool"])
    }

    @Test("segments of a job that is done are removed, those of a failed one kept and checked")
    func ended() throws {
        do {
            var ledger = try answer(0..<2)
            try ledger.write([.finishJob(LedgerBench.job, .failed, message: "no model")])
        }
        do {
            var again = try Ledger.open(state: bench.state)
            _ = try again.recover()
            #expect(Files.exists(Segments.path(directory, 0)))
            try again.write([.finishJob(LedgerBench.job, .done, message: "")])
        }
        var again = try Ledger.open(state: bench.state)
        _ = try again.recover()
        #expect(!Files.exists(directory))
    }

    @Test("what was acknowledged is found after a power cut or a kill at any moment")
    func cuts() throws {
        let cuts = try Cuts(in: bench.state)
        do {
            var ledger = try Ledger.open(state: bench.state)
            try ledger.write([.createJob(LedgerBench.row())])
            for number in 0..<10 {
                try answer(number..<number + 1, &ledger)
                cuts.acknowledge(number + 1)
                if number % 4 == 3 { try ledger.checkpointIfNeeded(isIdle: true) }
            }
        }
        let found = cuts.end()
        #expect(found.count > 80)
        for cut in found where cut.acknowledged > 0 {
            // Answers are synced before their rows: of later ones only a tail may be there.
            let segment = try FileDescriptor(opening: Segments.path(directory, 0))
            let bytes = try segment.read(count: segment.status().byteCount, at: 0)
            try Cuts.lay(cut.image, in: bench.state)
            do {
                var ledger = try Ledger.open(state: bench.state)
                let jobs = try ledger.recover()
                let shards = jobs.first?.description.progress.shards ?? 0
                #expect(shards >= cut.acknowledged)
                #expect(shards <= cut.acknowledged + 1)
            }
            let again = try FileDescriptor(opening: Segments.path(directory, 0), flags: O_RDWR)
            try bytes.withUnsafeBytes { try again.write($0, at: 0) }
        }
    }

    @Test("a ledger under load keeps its WAL bounded") func boundedWAL() throws {
        let events = EventQueue()
        let thread = LedgerThread(try Ledger.open(state: bench.state)) { events.put($0) }
        thread.write(.createJob(LedgerBench.row()))
        let texts = ["a", "b"].map { String(repeating: $0, count: 1 << 20) }
        var walMax = 0
        for round in 0..<200 {
            thread.write(.respecifyJob(LedgerBench.job, texts[round % 2]))
            events.waitForWrites(round + 2)
            let path = "\(bench.state)/ledger.sqlite-wal"
            walMax = max(walMax, try Files.status(path).byteCount)
        }
        thread.stop()
        #expect(events.failure == nil)
        #expect(walMax > 32 << 20)
        #expect(walMax < (64 << 20) + (4 << 20))
        #expect(try Files.status("\(bench.state)/ledger.sqlite-wal").byteCount == 0)
    }
}
