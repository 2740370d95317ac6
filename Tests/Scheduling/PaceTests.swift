import Testing

@testable import Scheduling

@Suite("The pace of a job") struct PaceTests {
    var bench = Bench()
    private let job = Bench.job

    private mutating func finish(_ lease: LeaseID, committedAfter delay: Duration = .zero) {
        _ = bench.scheduler.resultReceived(Bench.session(1), lease)
        _ = bench.pass(delay)
        _ = bench.commit(lease)
    }

    private var median: Duration? { bench.scheduler.jobs[job]?.pace.median }

    @Test("a shard that waits at its worker takes no longer for that")
    mutating func waiting() {
        _ = bench.greet(1, credit: 3)
        _ = bench.plan(3)
        let leases = bench.grant().map(\.lease)
        #expect(leases.count == 3)
        for lease in leases {
            _ = bench.pass(.seconds(4))
            finish(lease)
        }
        #expect(median == .seconds(4))
        #expect(bench.scheduler.jobs[job]?.pace.secondsPerRecord == 0.4)
    }

    @Test("a shard whose result waits for the disk, or whose worker had nothing to do, neither")
    mutating func disk() {
        _ = bench.greet(1, credit: 1)
        _ = bench.plan(2)
        let first = bench.grant()[0].lease
        _ = bench.pass(.seconds(2))
        finish(first, committedAfter: .seconds(5))
        bench.scheduler.creditGiven(Bench.session(1), total: 2)
        let second = bench.grant()[0].lease
        _ = bench.pass(.seconds(2))
        finish(second)
        #expect(median == .seconds(2))
    }
}
