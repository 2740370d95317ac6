import Scheduling
import Testing

@Suite("Jobs that workers cannot compute") struct RefusalTests {
    var bench = Bench()
    private let failure = SchedulerAction.recordFailure(Bench.job, message: "no model")

    private mutating func refuse(_ number: UInt64, _ lease: LeaseID) -> [SchedulerAction] {
        bench.scheduler.jobRefused(Bench.session(number), lease, message: "no model")
    }

    /// The lease of a job's only shard, with the only worker.
    private mutating func onlyLease() -> LeaseID {
        _ = bench.greet(1)
        _ = bench.plan(1)
        return bench.grant()[0].lease
    }

    /// Seconds pass in which a worker lives.
    private mutating func pass(seconds: Int, _ number: UInt64) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for _ in 0..<seconds {
            bench.scheduler.workerSeen(Bench.session(number), now: bench.now)
            actions += bench.pass(.seconds(1))
        }
        return actions
    }

    @Test("a worker that cannot open the model gets no more of the job, and others do it")
    mutating func others() {
        _ = bench.greet(1, credit: 5)
        _ = bench.greet(2, credit: 1)
        _ = bench.plan(4)
        let granted = bench.grant()
        for assignment in granted where assignment.session == Bench.session(1) {
            let actions = refuse(1, assignment.lease)
            #expect(actions.isEmpty, "another worker is there")
        }
        bench.scheduler.creditGiven(Bench.session(2), total: 9)
        let again = bench.grant()
        #expect(!again.isEmpty && again.allSatisfy { $0.session == Bench.session(2) })
    }

    @Test("the first worker after a restart that cannot open it does not end the job")
    mutating func first() {
        let lease = onlyLease()
        let actions = refuse(1, lease) + pass(seconds: 50, 1)
        #expect(actions.isEmpty, "the others may be on their way")
        _ = bench.greet(2)
        #expect(bench.grant().map(\.session) == [Bench.session(2)])
        let later = pass(seconds: 15, 2)
        #expect(later.isEmpty)
    }

    @Test("a job that nobody can compute fails after a minute, with the last one's words")
    mutating func nobody() {
        let lease = onlyLease()
        let actions = refuse(1, lease) + pass(seconds: 59, 1)
        #expect(actions.isEmpty)
        let late = pass(seconds: 2, 1)
        #expect(late == [failure])
    }

    @Test("it fails at once where no other worker can come") mutating func alone() {
        var limits = SchedulerLimits()
        limits.refusalGrace = .zero
        bench = Bench(limits: limits)
        let lease = onlyLease()
        let actions = refuse(1, lease)
        #expect(actions == [failure])
    }

    @Test("one that is paused meanwhile has its minute when it goes on")
    mutating func paused() {
        let lease = onlyLease()
        var actions = refuse(1, lease) + pass(seconds: 50, 1)
        bench.scheduler.jobPaused(Bench.job)
        actions += pass(seconds: 300, 1) + bench.scheduler.jobContinued(Bench.job)
        actions += pass(seconds: 50, 1)
        #expect(actions.isEmpty)
    }

    @Test("a job that none of those left can compute waits a minute, and holds up no other job")
    mutating func leftWithoutAble() {
        _ = bench.greet(1, credit: 1)
        _ = bench.greet(2, credit: 1)
        _ = bench.plan(4)
        let granted = bench.grant()
        let refused = granted.first { $0.session == Bench.session(1) }?.lease ?? LeaseID(0)
        _ = refuse(1, refused)
        bench.scheduler.workerLeft(Bench.session(2))
        let other = JobDescription(
            id: JobID("other"),
            cursor: .start,
            inputBytes: 100,
            progress: JobProgress(),
            openShards: []
        )
        _ = bench.scheduler.jobOpened(other)
        let plans = bench.scheduler.dispatch(now: bench.now)
        #expect(
            plans.contains { if case .plan(JobID("other"), _, _, _) = $0 { true } else { false } }
        )
        let early = pass(seconds: 51, 1)
        #expect(early.isEmpty, "the other may be on its way back")
        let late = pass(seconds: 11, 1)
        #expect(late == [failure])
    }
}
