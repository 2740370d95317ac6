import Ledger
import Platform
import Scheduling
import TestSupport
import Testing
import Wire

@testable import Coordinator

@Suite("Jobs that have ended", .timeLimit(.minutes(10))) struct EndedJobsTests {
    let folder: TestFolder
    private static let session = WireSession(high: 1, low: 1)

    init() throws {
        folder = try TestFolder()
    }

    private func specification(_ number: Int) throws -> JobSpecification {
        var specification = folder.specification([
            .init(path: "/in/\(number)", byteCount: 3, modificationTime: 1, spool: nil)
        ])
        specification.output = folder.file("out-\(number)")
        return specification
    }

    /// Submits a job and answers all of it.
    private func finish(_ number: Int, _ bench: CoreBench, _ credit: inout UInt64) throws -> JobID {
        let job = try bench.submit(try specification(number))
        while bench.core.scheduler.jobs[job] != nil {
            try bench.turn()
            for lease in bench.takeAssigned() {
                try bench.answer(lease, from: Self.session)
                credit += 1
                try bench.hear(.credit(total: credit), from: Self.session)
            }
        }
        return job
    }

    @Test("thousands of small jobs leave neither memory nor rows of shards behind")
    func manyJobs() async throws {
        try await onThread {
            let bench = try CoreBench(state: folder.file("state"))
            var credit: UInt64 = 2
            try bench.greet(Self.session, credit: credit)
            var jobs: [JobID] = []
            for number in 0..<3_000 { jobs.append(try finish(number, bench, &credit)) }
            let core = bench.core
            #expect(core.scheduler.jobs.isEmpty)
            #expect(core.scheduler.jobOrder.isEmpty)
            #expect(core.specifications.isEmpty)
            #expect(core.outgoing.isEmpty)
            #expect(core.completed.isEmpty)
            #expect(core.ended.count == CoordinatorCore.endedMax)
            #expect(core.ended.map(\.id) == jobs.suffix(256).map(\.description))
            #expect(core.ended.allSatisfy { $0.state == .done && $0.records == 1 })
            for job in jobs { #expect(try bench.shardCount(of: job) == 0) }
            #expect(try bench.row(of: jobs[0])?.state == .done, "it is known all the same")
        }
    }

    @Test("an old job is found in the ledger, in a new life too") func oldJob() async throws {
        try await onThread {
            let state = folder.file("state")
            var jobs: [JobID] = []
            do {
                let bench = try CoreBench(state: state)
                var credit: UInt64 = 2
                try bench.greet(Self.session, credit: credit)
                for number in 0..<300 { jobs.append(try finish(number, bench, &credit)) }
            }
            let worker = try HandWorker(state: state)
            #expect(worker.coordinator.status.jobs.count == 256)
            let first = try worker.coordinator.job(jobs[0].description)
            #expect(first.state == .done)
            #expect(first.records == 1)
            #expect(first.output == folder.file("out-0"))
            // Its output is gone, so it is a new job; one that stands is done already.
            #expect(try worker.coordinator.find(try specification(0)) == nil)
            try folder.write("out-0", "{}\n")
            #expect(try worker.coordinator.find(try specification(0)) == jobs[0])
        }
    }

    @Test("rows of shards go in steps, and a start in between goes on with them")
    func steps() async throws {
        try await onThread {
            let bench = try CoreBench(state: folder.file("state"))
            bench.shardsPerJob = 9_000
            try bench.greet(Self.session, slots: 4_096, credit: 9_000)
            let job = try bench.submit(try specification(0))
            while bench.core.scheduler.jobs[job] != nil {
                try bench.turn()
                for lease in bench.takeAssigned() { try bench.answer(lease, from: Self.session) }
            }
            // One step was made; two are left.
            #expect(try bench.shardCount(of: job) > 0)
            try bench.perform(bench.core.rowsRemain([job]))
            #expect(try bench.shardCount(of: job) > 0)
            try bench.perform(bench.core.rowsRemain([job]))
            #expect(try bench.shardCount(of: job) == 0)
            #expect(bench.core.ended.last?.records == 9_000)
        }
    }
}
