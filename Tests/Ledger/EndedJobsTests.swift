import Glibc
import Platform
import Scheduling
import Testing

@testable import Ledger

@Suite("Jobs that are paused or have ended, in a ledger") struct EndedJobsTests {
    let bench: LedgerBench

    init() throws {
        bench = try LedgerBench()
    }

    /// A ledger with a job of so many shards, all but the last one answered.
    private func fill(_ count: Int) throws -> Ledger {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([
            .createJob(LedgerBench.row()),
            .recordGrants((0..<count).map { LedgerBench.grant($0, lease: UInt64($0 + 1)) }),
        ])
        try ledger.write(
            (0..<count - 1).map { number in
                let lease = UInt64(number + 1)
                return .commitResult(LedgerBench.result(number, lease: lease, "answer\n"))
            }
        )
        return ledger
    }

    private func rows(_ table: String, _ ledger: borrowing Ledger) throws -> Int {
        try ledger.database.integer("SELECT count(*) FROM \(table)")
    }

    @Test("a paused job is found paused, with its reason, and results of it are taken")
    func pause() throws {
        do {
            var ledger = try fill(3)
            try ledger.write([.pauseJob(LedgerBench.job, message: "too many errors")])
        }
        var again = try Ledger.open(state: bench.state)
        let job = try #require(try again.recover().first)
        #expect(job.row.state == .paused)
        #expect(job.row.message == "too many errors")
        #expect(job.description.openShards.count == 1)
        // In one group: a segment that is opened anew would cut the answer off.
        try again.write([
            .commitResult(LedgerBench.result(2, lease: 3, "last\n")),
            .continueJob(LedgerBench.job),
        ])
        _ = consume again
        var third = try Ledger.open(state: bench.state)
        let running = try #require(try third.recover().first)
        #expect(running.row.state == .running)
        #expect(running.row.message == "")
        #expect(running.description.progress.shards == 3)
    }

    @Test("a cancelled job keeps what it had answered, and nothing else")
    func cancel() throws {
        do {
            var ledger = try fill(3)
            try ledger.write([.finishJob(LedgerBench.job, .cancelled, message: "")])
        }
        var again = try Ledger.open(state: bench.state)
        let job = try #require(try again.recover().first)
        #expect(job.row.state == .cancelled)
        #expect(job.description.progress.shards == 2)
        #expect(job.description.progress.records == 18)
        #expect(job.description.openShards.isEmpty)
        #expect(!Files.exists(Segments.directory(state: bench.state, job: "job")))
        try again.write([.forgetShards(LedgerBench.job)])
        for table in ["shards", "leases", "strikes"] { #expect(try rows(table, again) == 0) }
        #expect(try again.job(LedgerBench.job)?.description.progress.tokens == 100)
        _ = consume again
        #expect(try LedgerCheck(state: bench.state).jobs == 1)
    }

    @Test("shards of a job that needs them are never forgotten") func needed() throws {
        var ledger = try fill(3)
        let error = #expect(throws: LedgerError.self) {
            try ledger.write([.forgetShards(LedgerBench.job)])
        }
        #expect(error?.isDamage == true)
        #expect(try rows("shards", ledger) == 3)
    }

    @Test("a result that no shard waits for ends the ledger instead of being acknowledged")
    func strayResult() throws {
        var ledger = try fill(3)
        for (number, lease) in [(0, 9), (7, 9)] {
            let error = #expect(throws: LedgerError.self) {
                let result = LedgerBench.result(number, lease: UInt64(lease), "again\n")
                try ledger.write([.commitResult(result)])
            }
            #expect(error?.isDamage == true)
            #expect(error?.description.contains("that waits for its result") == true)
        }
        let error = #expect(throws: LedgerError.self) {
            try ledger.write([.recordGrants([LedgerBench.grant(7, lease: 9, attempt: 2)])])
        }
        #expect(error?.isDamage == true)
    }

    @Test("a job that is gone as a whole has no more rows to lose")
    func gone() throws {
        var ledger = try Ledger.open(state: bench.state)
        try ledger.write([.createJob(LedgerBench.row())])
        try ledger.write([.forgetShards(JobID("gone"))])
        #expect(try rows("jobs", ledger) == 1)
    }

    @Test("many jobs end and few rows stay: the oldest are forgotten, the file does not grow")
    func bounded() throws {
        var ledger = try Ledger.open(state: bench.state)
        ledger.endedJobsMax = 100
        var pages = 0
        for round in 0..<3_000 {
            let job = JobID("job\(round)")
            try ledger.write([
                .createJob(LedgerBench.row(id: job)),
                .recordGrants([LedgerBench.grant(0, lease: UInt64(round + 1), of: job)]),
            ])
            let result = LedgerBench.result(0, lease: UInt64(round + 1), "answer\n", of: job)
            try ledger.write([.commitResult(result)])
            try ledger.write([.finishJob(job, .done, message: ""), .forgetShards(job)])
            if round == 400 { pages = try ledger.database.integer("PRAGMA page_count") }
        }
        #expect(try rows("shards", ledger) == 0)
        #expect(try rows("jobs", ledger) < 100 + 129)
        #expect(try rows("sums", ledger) == rows("jobs", ledger))
        #expect(ledger.numbers.isEmpty)
        #expect(ledger.segments.isEmpty)
        let last = try ledger.database.integer("PRAGMA page_count")
        #expect(last <= pages + 8, "\(pages) pages after 400 jobs, \(last) after 3,000")
        let identity = try ledger.latestRow(identity: "identity")
        #expect(identity?.id == JobID("job2999"))
    }

    @Test("cut off at any moment between the end and the last row, all is known or goes on")
    func cuts() throws {
        let cuts = try Cuts(in: bench.state)
        do {
            var ledger = try fill(20)
            try ledger.write([.commitResult(LedgerBench.result(19, lease: 20, "answer\n"))])
            cuts.acknowledge(1)
            try ledger.write([.finishJob(LedgerBench.job, .done, message: "")])
            cuts.acknowledge(2)
            try ledger.write([.forgetShards(LedgerBench.job)])
            cuts.acknowledge(3)
            try ledger.checkpointIfNeeded(isIdle: true)
        }
        for cut in cuts.end() where cut.acknowledged > 1 {
            try Cuts.lay(cut.image, in: bench.state)
            var ledger = try Ledger.open(state: bench.state)
            let job = try #require(try ledger.recover().first)
            #expect(job.row.state == .done)
            #expect(job.description.progress.records == 180)
            let count = try rows("shards", ledger)
            #expect(count == 0 || count == 20 && cut.acknowledged < 3)
            try ledger.write([.forgetShards(LedgerBench.job)])
            #expect(try rows("shards", ledger) == 0)
        }
    }
}
