import Scheduling
import Testing

@Suite("Credit of a worker") struct CreditTests {
    var bench = Bench()

    @Test("leases that end before they are sent cost their worker no credit")
    mutating func unsentLeases() {
        _ = bench.greet(1, credit: 2)
        _ = bench.plan(6)
        for round in 0..<3 {
            bench.scheduler.workerSeen(Bench.session(1), now: bench.now)
            let actions = bench.scheduler.dispatch(now: bench.now)
            guard case .recordGrants(let grants)? = actions.first, grants.count == 2 else {
                Issue.record("no credit is left after \(round) rounds: \(actions)")
                return
            }
            _ = bench.scheduler.grantsRecorded([grants[0].lease])
            for grant in grants {
                bench.scheduler.assignmentUnsent(grant.lease, wasReceived: false)
            }
            #expect(bench.grant().isEmpty, "whoever cannot be reached must speak first")
        }
        bench.scheduler.workerSeen(Bench.session(1), now: bench.now)
        _ = bench.grant()
        #expect(bench.grant().isEmpty, "what was sent counts")
        _ = bench.scheduler.jobFailed(Bench.job, message: "gone")
        let other = JobDescription(
            id: JobID("other"),
            cursor: .start,
            inputBytes: 100,
            progress: JobProgress(),
            openShards: []
        )
        _ = bench.scheduler.jobOpened(other)
        _ = bench.scheduler.shardsPlanned(
            JobID("other"),
            [Bench.range(0)],
            cursor: PlanningCursor(
                input: 1,
                byteOffset: 0,
                line: 10,
                isAtEnd: true
            )
        )
        #expect(bench.grant().isEmpty, "a cancelled lease was sent, and its worker counts it")
        bench.scheduler.creditGiven(Bench.session(1), total: 3)
        #expect(bench.grant().count == 1)
    }
}
