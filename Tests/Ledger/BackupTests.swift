import Glibc
import Platform
import Scheduling
import Testing

@testable import Ledger

@Suite("A ledger's backup") struct BackupTests {
    let bench: LedgerBench
    private let folder = "\(Files.temporaryFolder)/kennel-backup-\(Entropy.identifier())"

    init() throws {
        bench = try LedgerBench()
    }

    private func answer(_ numbers: Range<Int>, _ ledger: inout Ledger) throws {
        let grants = numbers.map { LedgerBench.grant($0, lease: UInt64($0 + 1)) }
        try ledger.write([.recordGrants(grants)])
        try ledger.write(
            numbers.map { number in
                let answer = "answer \(number)\n"
                return .commitResult(
                    LedgerBench.result(number, lease: UInt64(number + 1), answer)
                )
            }
        )
    }

    @Test("rows written while it is made are in it, with their answers") func writes() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        try answer(0..<60_000, &ledger)
        var next = 60_000
        do {
            let backup = try LedgerBackup(of: bench.state, to: folder)
            while try backup.step(ledger) != nil {
                try answer(next..<next + 100, &ledger)
                next += 100
            }
            #expect(next > 60_200)
            // Behind the last step nothing is a part of it any more.
            try answer(next..<next + 100, &ledger)
            _ = try backup.copyAnswers { false }
        }
        #expect(try Files.names(in: folder) == ["data", "ledger.sqlite"])
        #expect(!Files.exists("\(bench.state)/data/backup"))
        let check = try LedgerCheck(state: folder)
        #expect(check.jobs == 1)
        #expect(check.shards == next)
        var restored = try Ledger.open(state: folder)
        let job = try #require(try restored.recover().first)
        #expect(job.description.progress.shards == next)
        #expect(job.description.cursor.line == next * 10)
    }

    @Test("a job that ends while its answers are copied is in the backup as it was")
    func endedJob() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        try answer(0..<10, &ledger)
        do {
            let backup = try LedgerBackup(of: bench.state, to: folder)
            while try backup.step(ledger) != nil {}
            try ledger.write([.finishJob(LedgerBench.job, .done, message: "")])
            let directory = Segments.directory(state: bench.state, job: "job")
            try Files.remove(Segments.path(directory, 0))
            _ = try backup.copyAnswers { false }
        }
        #expect(try LedgerCheck(state: folder).shards == 10)
    }

    @Test("a backup that is given up leaves no ledger") func givenUp() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        try answer(0..<10, &ledger)
        do {
            let backup = try LedgerBackup(of: bench.state, to: folder)
            while try backup.step(ledger) != nil {}
            #expect(throws: LedgerError.self) { _ = try backup.copyAnswers { true } }
        }
        #expect(try Files.names(in: folder) == ["data"])
        #expect(!Files.exists("\(bench.state)/data/backup"))
        #expect(throws: LedgerError.self) { _ = try LedgerCheck(state: folder) }
    }

    @Test("a backup of answers that are not there fails, and leaves no ledger")
    func missingSegment() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        try answer(0..<10, &ledger)
        let path = Segments.path(Segments.directory(state: bench.state, job: "job"), 0)
        try Files.remove(path)
        do {
            let backup = try LedgerBackup(of: bench.state, to: folder)
            while try backup.step(ledger) != nil {}
            let error = #expect(throws: LedgerError.self) {
                _ = try backup.copyAnswers { false }
            }
            #expect(error?.isDamage == true)
            #expect(error?.description.contains(path) == true)
        }
        #expect(try Files.names(in: folder) == ["data"])
    }

    /// The bytes of a folder's files.
    private func files(in folder: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try Files.names(in: folder) {
            let path = "\(folder)/\(name)"
            if Files.isDirectory(path) {
                files.merge(try self.files(in: path)) { $1 }
            } else {
                let file = try FileDescriptor(opening: path)
                files[path] = try file.read(count: file.status().byteCount, at: 0)
            }
        }
        return files
    }

    @Test("a check changes no byte of a backup, of a stopped ledger, or of one that was killed")
    func checkChangesNothing() throws {
        do {
            var ledger = try Ledger.open(state: bench.state)
            try ledger.write([.createJob(LedgerBench.row())])
            try answer(0..<10, &ledger)
            let backup = try LedgerBackup(of: bench.state, to: folder)
            while try backup.step(ledger) != nil {}
            _ = try backup.copyAnswers { false }
        }
        let killed = try files(in: bench.state)
        #expect(killed["\(bench.state)/ledger.sqlite-wal"]?.isEmpty == false)
        #expect(try LedgerCheck(state: bench.state).shards == 10)
        #expect(try files(in: bench.state) == killed)
        do {
            var ledger = try Ledger.open(state: bench.state)
            _ = try ledger.recover()
        }
        let stopped = try files(in: bench.state)
        #expect(stopped["\(bench.state)/ledger.sqlite-wal"]?.isEmpty == true)
        #expect(try LedgerCheck(state: bench.state).shards == 10)
        #expect(try files(in: bench.state) == stopped)
        let copied = try files(in: folder)
        #expect(try LedgerCheck(state: folder).shards == 10)
        #expect(try files(in: folder) == copied)
    }

    @Test("a ledger is checked whatever its folder is called", arguments: ["a?b", "a#b", "a%41"])
    func names(name: String) throws {
        let state = "\(bench.state)/\(name)"
        try Files.makeDirectory("\(state)/data")
        do {
            var ledger = try Ledger.open(state: state)
            try ledger.write([.createJob(LedgerBench.row())])
            _ = try ledger.recover()
        }
        #expect(try LedgerCheck(state: "/\(state)").jobs == 1)
    }

    @Test("a folder in which something lies is refused") func occupied() throws {
        do { _ = try Ledger.open(state: bench.state) }
        let error = #expect(throws: LedgerError.self) {
            _ = try LedgerBackup(of: bench.state, to: bench.state)
        }
        #expect(error?.description.contains("is not empty") == true)
    }

    @Test("a check finds an answer that has changed, wherever it is") func changed() throws {
        do {
            var ledger = try Ledger.open(state: bench.state)
            try ledger.write([.createJob(LedgerBench.row())])
            try answer(0..<10, &ledger)
            try ledger.checkpointIfNeeded(isIdle: true)
        }
        #expect(try LedgerCheck(state: bench.state).bytes == 90)
        let directory = Segments.directory(state: bench.state, job: "job")
        let file = try FileDescriptor(opening: Segments.path(directory, 0), flags: O_RDWR)
        try file.write(Array("X".utf8), at: 40)
        let error = #expect(throws: LedgerError.self) {
            _ = try LedgerCheck(state: bench.state)
        }
        #expect(error?.isDamage == true)
    }
}
