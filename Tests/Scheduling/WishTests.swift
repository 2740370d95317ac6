import Scheduling
import Testing

@Suite("What users wish of a job") struct WishTests {
    var bench = Bench()
    private let job = Bench.job

    /// A worker with a shard, and one more shard that waits.
    private mutating func begin() -> LeaseID {
        _ = bench.greet(1, credit: 1)
        _ = bench.plan(2, isAtEnd: true)
        return bench.grant()[0].lease
    }

    private mutating func finish(_ lease: LeaseID, failed: Int = 0) -> [SchedulerAction] {
        let session = Bench.session(1)
        _ = bench.scheduler.resultReceived(session, lease)
        let actions = bench.scheduler.resultCommitted(
            lease,
            records: 10,
            failedRecords: failed,
            tokens: 50
        )
        bench.scheduler.creditGiven(session, total: 9)
        return actions
    }

    @Test("a paused job gives nothing, takes what was given, and goes on where it was")
    mutating func pause() {
        let lease = begin()
        bench.scheduler.jobPaused(job)
        #expect(finish(lease).contains(.acknowledge(Bench.session(1), lease, .committed)))
        #expect(bench.scheduler.dispatch(now: bench.now).isEmpty)
        #expect(bench.scheduler.jobContinued(job).isEmpty)
        let next = bench.grant()
        #expect(next.map(\.shard.number) == [ShardNumber(10)])
        #expect(finish(next[0].lease).contains(.publish(job)))
    }

    @Test("a job whose answers are complete while it is paused is published once it goes on")
    mutating func pausedAtTheEnd() {
        let first = begin()
        _ = finish(first)
        let second = bench.grant()[0].lease
        bench.scheduler.jobPaused(job)
        #expect(!finish(second).contains(.publish(job)))
        #expect(bench.scheduler.jobContinued(job) == [.publish(job)])
    }

    @Test("shards planned and workers lost while a job is paused are given once it goes on")
    mutating func lossWhilePaused() {
        _ = bench.greet(1, credit: 1)
        _ = bench.plan(1)
        _ = bench.grant()
        bench.scheduler.jobPaused(job)
        _ = bench.plan(1, isAtEnd: true)
        bench.scheduler.workerLost(Bench.session(1))
        _ = bench.greet(2, credit: 5)
        #expect(bench.scheduler.dispatch(now: bench.now).isEmpty)
        _ = bench.scheduler.jobContinued(job)
        #expect(bench.grant().map(\.shard.number.value) == [0, 10])
    }

    @Test("a paused job is paused in the next life, and its workers keep their leases")
    mutating func pausedAtStart() {
        var scheduler = Scheduler(
            limits: SchedulerLimits(),
            epoch: 2,
            nextLease: LeaseID(9),
            now: bench.now
        )
        let held = RecordedLease(id: LeaseID(3), worker: "worker1")
        let description = JobDescription(
            id: job,
            cursor: PlanningCursor(input: 0, byteOffset: 200, line: 20, isAtEnd: true),
            inputBytes: 200,
            progress: JobProgress(),
            openShards: [
                RecordedShard(range: Bench.range(0), attempts: 1, leases: [held]),
                RecordedShard(range: Bench.range(1), attempts: 1, leases: []),
            ]
        )
        _ = scheduler.jobOpened(description, pausedBecause: "")
        bench.scheduler = scheduler
        let welcome = bench.greet(1, credit: 2, held: [LeaseID(3)])
        guard case .welcome(_, let decision)? = welcome.first else {
            Issue.record("expected a welcome, got \(welcome)")
            return
        }
        #expect(decision.keep == [LeaseID(3)])
        #expect(bench.scheduler.dispatch(now: bench.now).isEmpty)
        #expect(!finish(LeaseID(3)).isEmpty)
        _ = bench.scheduler.jobContinued(job)
        #expect(bench.grant().map(\.shard.number.value) == [10])
    }

    @Test("results of a job whose end is on its way wait, and are refused once it is durable")
    mutating func cancel() {
        let lease = begin()
        let session = Bench.session(1)
        bench.scheduler.jobCancelling(job)
        #expect(bench.scheduler.resultReceived(session, lease).isEmpty)
        bench.scheduler.creditGiven(session, total: 9)
        #expect(bench.scheduler.dispatch(now: bench.now).isEmpty)
        #expect(bench.scheduler.jobCancelled(job) == [.cancel(session, lease)])
        #expect(
            bench.scheduler.resultReceived(session, lease)
                == [.acknowledge(session, lease, .leaseEnded)]
        )
    }

    @Test("a result that was on its way to the disk before a job's end still counts")
    mutating func committedBeforeTheEnd() {
        let lease = begin()
        let session = Bench.session(1)
        _ = bench.scheduler.resultReceived(session, lease)
        bench.scheduler.jobCancelling(job)
        #expect(bench.commit(lease) == [.acknowledge(session, lease, .committed)])
        #expect(bench.scheduler.jobCancelled(job).isEmpty)
        #expect(bench.scheduler.jobs[job]?.progress.records == 10)
    }

    @Test("a cancelled job never leaves its state") mutating func isFinal() {
        _ = begin()
        bench.scheduler.jobCancelling(job)
        bench.scheduler.jobPaused(job)
        #expect(bench.scheduler.jobFailed(job, message: "gone").isEmpty)
        #expect(bench.scheduler.jobs[job]?.state == .cancelling)
        _ = bench.scheduler.jobCancelled(job)
        bench.scheduler.jobPaused(job)
        bench.scheduler.jobCancelling(job)
        bench.scheduler.jobPublished(job)
        #expect(bench.scheduler.jobContinued(job).isEmpty)
        #expect(bench.scheduler.jobFailed(job, message: "gone").isEmpty)
        #expect(bench.scheduler.jobs[job]?.state == .cancelled)
        bench.scheduler.jobForgotten(job)
        #expect(bench.scheduler.jobs.isEmpty)
        #expect(bench.scheduler.jobOrder.isEmpty)
    }

    @Test("a job at work is not forgotten") mutating func notForgotten() {
        _ = begin()
        bench.scheduler.jobForgotten(job)
        #expect(bench.scheduler.jobs[job]?.state == .running)
    }

    // MARK: - Error answers

    @Test("a job with more errors than it may have is paused, and goes on with a larger number")
    mutating func errorBudget() {
        let first = begin()
        bench.scheduler.errorBudgetChanged(job, .records(2))
        #expect(!finish(first, failed: 2).contains { $0.isPause })
        let second = bench.grant()[0].lease
        let actions = finish(second, failed: 1)
        let message = "3 of 20 records have error answers, more than --max-errors 2 allows"
        #expect(actions.contains(.recordPause(job, message: message)))
        #expect(!actions.contains(.publish(job)))
        #expect(bench.scheduler.jobs[job]?.state == .paused(message))
        #expect(!bench.scheduler.isWithinErrorBudget(job))
        bench.scheduler.errorBudgetChanged(job, .records(3))
        #expect(bench.scheduler.isWithinErrorBudget(job))
        #expect(bench.scheduler.jobContinued(job) == [.publish(job)])
    }

    @Test("a share of errors is judged once it says something, at the latest at the job's end")
    mutating func errorShare() {
        let first = begin()
        bench.scheduler.errorBudgetChanged(job, .percent(12.5))
        #expect(!finish(first, failed: 10).contains { $0.isPause }, "10 records say nothing")
        let second = bench.grant()[0].lease
        let message = "10 of 20 records have error answers, more than --max-errors 12.5% allows"
        #expect(finish(second).contains(.recordPause(job, message: message)))
    }

    @Test("a share is judged before the end where a thousand records are answered")
    mutating func errorShareInTheMiddle() {
        _ = bench.greet(1, credit: 1)
        _ = bench.plan(3)
        bench.scheduler.errorBudgetChanged(job, .percent(50))
        let lease = bench.grant()[0].lease
        _ = bench.scheduler.resultReceived(Bench.session(1), lease)
        let actions = bench.scheduler.resultCommitted(
            lease,
            records: 1_000,
            failedRecords: 501,
            tokens: 0
        )
        #expect(actions.contains { $0.isPause })
    }
}

extension SchedulerAction {
    fileprivate var isPause: Bool {
        if case .recordPause = self { true } else { false }
    }
}
