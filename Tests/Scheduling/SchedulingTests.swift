import Scheduling
import Testing

/// A scheduler with one job, and short ways to feed it.
struct Bench {
    static let job = JobID("job")
    var scheduler: Scheduler
    var now = MonotonicTime(nanoseconds: 1_000_000_000)

    init(limits: SchedulerLimits = SchedulerLimits(), openShards: [RecordedShard] = []) {
        scheduler = Scheduler(limits: limits, epoch: 1, nextLease: LeaseID(100), now: now)
        let cursor = PlanningCursor(
            input: 0,
            byteOffset: openShards.count * 100,
            line: openShards.count * 10,
            isAtEnd: false
        )
        _ = scheduler.jobOpened(
            JobDescription(
                id: Self.job,
                cursor: cursor,
                inputBytes: 10_000,
                progress: JobProgress(),
                openShards: openShards
            )
        )
    }

    static func range(_ number: Int) -> ShardRange {
        ShardRange(
            input: 0,
            byteOffset: number * 100,
            byteCount: 100,
            firstLine: number * 10,
            lineCount: 10,
            recordCount: 10,
            isOverlong: false,
            digest: ContentDigest(high: 0, low: UInt64(number))
        )
    }

    static func session(_ number: UInt64) -> SessionID {
        SessionID(high: 0, low: number)
    }

    /// A worker says hello and asks for `credit` leases.
    mutating func greet(
        _ number: UInt64,
        name: String? = nil,
        machine: String? = nil,
        credit: UInt64 = 1,
        held: [LeaseID] = []
    ) -> [SchedulerAction] {
        let actions = scheduler.workerGreeted(
            Greeting(
                session: Self.session(number),
                name: name ?? "worker\(number)",
                machine: machine ?? "machine\(number)",
                slots: 1,
                held: held
            ),
            now: now
        )
        scheduler.creditGiven(Self.session(number), total: credit)
        return actions
    }

    /// The planner cuts `count` shards where the scheduler's cursor is.
    mutating func plan(_ count: Int, isAtEnd: Bool = false) -> [SchedulerAction] {
        let first = (scheduler.jobs[Self.job]?.cursor.line ?? 0) / 10
        let cursor = PlanningCursor(
            input: 0,
            byteOffset: (first + count) * 100,
            line: (first + count) * 10,
            isAtEnd: isAtEnd
        )
        return scheduler.shardsPlanned(
            Self.job,
            (first..<first + count).map(Self.range),
            cursor: cursor
        )
    }

    /// Gives out work and returns the leases given, made durable and sent.
    mutating func grant() -> [Assignment] {
        var sent: [Assignment] = []
        for action in scheduler.dispatch(now: now) {
            guard case .recordGrants(let grants) = action else { continue }
            for case .assign(let assignment) in scheduler.grantsRecorded(grants.map(\.lease)) {
                scheduler.assignmentSent(assignment.lease)
                sent.append(assignment)
            }
        }
        return sent
    }

    mutating func commit(_ lease: LeaseID) -> [SchedulerAction] {
        scheduler.resultCommitted(lease, records: 10, failedRecords: 0, tokens: 50)
    }

    mutating func pass(_ duration: Duration) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        let end = now.advanced(by: duration)
        while now < end {
            now = min(now.advanced(by: .milliseconds(500)), end)
            actions += scheduler.tick(now: now)
        }
        return actions
    }
}

@Suite("Shard scheduling") struct ShardSchedulingTests {
    var bench = Bench()

    @Test("a job is planned only when a worker is there") mutating func planningWaitsForWorkers() {
        #expect(bench.scheduler.dispatch(now: bench.now).isEmpty)
        _ = bench.greet(1)
        let actions = bench.scheduler.dispatch(now: bench.now)
        guard case .plan(let job, let cursor, let count, _) = actions.first else {
            Issue.record("expected a plan, got \(actions)")
            return
        }
        #expect(job == Bench.job)
        #expect(cursor == .start)
        #expect(count == 2, "one for the credit and one ahead")
        #expect(bench.scheduler.dispatch(now: bench.now).isEmpty, "one plan at a time")
    }

    @Test("a grant carries the new shard, its cursor and a new lease")
    mutating func grantIsComplete() {
        _ = bench.greet(1)
        _ = bench.scheduler.dispatch(now: bench.now)
        _ = bench.plan(2)
        let actions = bench.scheduler.dispatch(now: bench.now)
        guard case .recordGrants(let grants) = actions.first else {
            Issue.record("expected grants, got \(actions)")
            return
        }
        #expect(grants.count == 1, "credit for one")
        #expect(grants[0].lease == LeaseID(100))
        #expect(grants[0].newRange == Bench.range(0))
        #expect(grants[0].cursor?.byteOffset == 100)
        #expect(grants[0].cursor?.line == 10, "the second shard has no row yet")
    }

    @Test("nothing is sent before its lease is durable") mutating func sendFollowsDisk() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        let actions = bench.scheduler.dispatch(now: bench.now)
        #expect(!actions.contains { if case .assign = $0 { true } else { false } })
    }

    @Test("a committed shard is acknowledged and never leased again")
    mutating func commitEndsShard() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        let lease = bench.grant()[0].lease
        let session = Bench.session(1)
        #expect(
            bench.scheduler.resultReceived(session, lease)
                == [.commitResult(lease, ShardID(job: Bench.job, number: ShardNumber(0)))]
        )
        #expect(bench.commit(lease) == [.acknowledge(session, lease, .committed)])
        bench.scheduler.creditGiven(session, total: 5)
        #expect(bench.grant().isEmpty)
        #expect(bench.scheduler.jobs[Bench.job]?.progress.records == 10)
        #expect(
            bench.scheduler.resultReceived(session, lease)
                == [.acknowledge(session, lease, .leaseEnded)]
        )
    }

    @Test("a repeated result waits for the disk like the first")
    mutating func repeatedResult() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        let lease = bench.grant()[0].lease
        _ = bench.scheduler.resultReceived(Bench.session(1), lease)
        #expect(bench.scheduler.resultReceived(Bench.session(1), lease).isEmpty)
    }

    @Test("the last commit of a fully planned job asks for its output")
    mutating func lastCommitPublishes() {
        _ = bench.greet(1)
        _ = bench.plan(1, isAtEnd: true)
        let lease = bench.grant()[0].lease
        _ = bench.scheduler.resultReceived(Bench.session(1), lease)
        #expect(bench.commit(lease).contains(.publish(Bench.job)))
    }

    @Test("an empty input is published at once") mutating func emptyInput() {
        #expect(bench.plan(0, isAtEnd: true) == [.publish(Bench.job)])
    }

    @Test("a job that fails ends its leases and grants no more") mutating func failedJob() {
        _ = bench.greet(1)
        _ = bench.plan(2)
        let lease = bench.grant()[0].lease
        let actions = bench.scheduler.jobFailed(Bench.job, message: "gone")
        #expect(actions.contains(.cancel(Bench.session(1), lease)))
        #expect(actions.contains(.recordFailure(Bench.job, message: "gone")))
        bench.scheduler.creditGiven(Bench.session(1), total: 5)
        #expect(bench.grant().isEmpty)
    }
}
