import Testing

@testable import Scheduling

@Suite("Workers on hosts that cannot be told apart") struct NamelessMachineTests {
    var bench = Bench()
    private let session = Bench.session(1)

    private mutating func finish(_ lease: LeaseID) {
        _ = bench.scheduler.resultReceived(session, lease)
        _ = bench.commit(lease)
    }

    @Test("a result between two failures counts, so that they never add up to the job's end")
    mutating func strikesInARow() throws {
        _ = bench.greet(1, machine: "", credit: 200)
        _ = bench.plan(40, isAtEnd: true)
        var waiting = bench.grant().map(\.lease)
        #expect(waiting.count == 40)
        var again: [LeaseID] = []
        while let lease = waiting.popLast() {
            _ = bench.scheduler.leaseFailed(session, lease, message: "broken")
            again += bench.grant().map(\.lease)
            let last = again.popLast()
            finish(try #require(last))
        }
        #expect(bench.scheduler.jobs[Bench.job]?.state == .publishing)
        #expect(bench.scheduler.jobs[Bench.job]?.progress.shards == 40)
    }

    @Test("its shards tell how long one takes") mutating func pace() {
        _ = bench.greet(1, machine: "")
        _ = bench.plan(1)
        let lease = bench.grant()[0].lease
        _ = bench.pass(.seconds(4))
        finish(lease)
        #expect(bench.scheduler.jobs[Bench.job]?.pace.median == .seconds(4))
        #expect(bench.scheduler.machines[""]?.lastCommit == bench.now)
    }

    @Test("an answer that nobody computed tells nothing of a pace")
    mutating func answerOfNobody() throws {
        _ = bench.greet(1, machine: "")
        let range = ShardRange(
            input: 0,
            byteOffset: 0,
            byteCount: 10,
            firstLine: 0,
            lineCount: 1,
            recordCount: 1,
            isOverlong: false,
            digest: ContentDigest(high: 0, low: 0)
        )
        let cursor = PlanningCursor(input: 0, byteOffset: 10, line: 1, isAtEnd: true)
        _ = bench.scheduler.shardsPlanned(Bench.job, [range], cursor: cursor)
        for attempt in 1...3 {
            bench.scheduler.creditGiven(session, total: UInt64(attempt))
            let granted = bench.grant()
            let lease = try #require(granted.first?.lease)
            _ = bench.scheduler.leaseFailed(session, lease, message: "broken")
        }
        let shard = ShardID(job: Bench.job, number: ShardNumber(0))
        let made = bench.scheduler.answerMade(shard)
        let answer = try #require(made)
        _ = bench.commit(answer)
        #expect(bench.scheduler.jobs[Bench.job]?.strikesInARow == 3)
        #expect(bench.scheduler.jobs[Bench.job]?.pace.median == nil)
        #expect(bench.scheduler.machines[""]?.lastCommit == nil)
    }
}
