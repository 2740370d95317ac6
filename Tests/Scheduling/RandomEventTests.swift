import Scheduling
import TestSupport
import Testing

/// Workers that greet, compute, die, repeat themselves and come late, in random order.
///
/// Goal: whatever happens, no shard is committed twice, none is lost, and the job ends once the
/// faults stop. Method: a model of workers and disk that is fed only by the scheduler's actions.
struct RandomFleet {
    var bench: Bench
    var random: SplitMix
    var planned = 0
    let shardCount = 30
    var held: [UInt64: [LeaseID]] = [:]
    var credit: [UInt64: UInt64] = [:]
    var pendingCommits: [(LeaseID, ShardID)] = []
    var committed: [ShardNumber] = []
    var isPublished = false
    var failure: String?

    init(seed: UInt64) {
        random = SplitMix(state: seed)
        var limits = SchedulerLimits()
        // Nothing that happens here is a shard's fault.
        limits.strikeGrace = .seconds(1 << 30)
        limits.cloneGrace = .seconds(1 << 30)
        limits.leaseMax = .seconds(1 << 30)
        limits.stallAfter = .seconds(1 << 30)
        bench = Bench(limits: limits)
    }

    mutating func apply(_ actions: [SchedulerAction]) {
        for action in actions {
            switch action {
            case .plan(_, let cursor, let count, _):
                let done = cursor.line / 10
                let room = min(count, shardCount - done)
                apply(bench.plan(room, isAtEnd: done + room == shardCount))
            case .recordGrants(let grants):
                apply(bench.scheduler.grantsRecorded(grants.map(\.lease)))
            case .assign(let assignment):
                let worker = assignment.session.low
                bench.scheduler.assignmentSent(assignment.lease)
                if held[worker] != nil { held[worker]?.append(assignment.lease) }
            case .commitResult(let lease, let shard):
                pendingCommits.append((lease, shard))
            case .acknowledge(let session, let lease, _):
                held[session.low]?.removeAll { $0 == lease }
            case .cancel(let session, let lease):
                held[session.low]?.removeAll { $0 == lease }
            case .welcome(let session, let decision):
                held[session.low]?.removeAll { !decision.keep.contains($0) }
            case .fence(let session):
                held[session.low] = nil
            case .recordStrike, .split, .recordSplit, .giveUp:
                failure = "a shard was blamed: \(action)"
            case .publish:
                isPublished = true
            case .recordPause(_, let message), .recordFailure(_, let message):
                failure = message
            }
        }
    }

    /// A worker gives a sign of life, and drops what it is told to drop.
    private mutating func speak(_ worker: UInt64, naming leases: [LeaseID]) {
        let (inVain, actions) = bench.scheduler.heartbeat(
            Bench.session(worker),
            progress: leases.map { LeaseProgress(lease: $0, records: 0, tokens: 0) },
            isDraining: false,
            now: bench.now
        )
        held[worker]?.removeAll(where: inVain.contains)
        apply(actions)
    }

    mutating func step(withFaults: Bool) {
        let worker = UInt64.random(in: 1...4, using: &random)
        switch Int.random(in: 0..<(withFaults ? 11 : 6), using: &random) {
        case 0:
            if held[worker] == nil {
                held[worker] = []
                credit[worker] = 0
            }
            apply(
                bench.scheduler.workerGreeted(
                    Greeting(
                        session: Bench.session(worker),
                        name: "name\(worker)",
                        machine: "machine\(worker)",
                        slots: 1,
                        held: held[worker] ?? []
                    ),
                    now: bench.now
                )
            )
            credit[worker] = 2
            bench.scheduler.creditGiven(Bench.session(worker), total: 2)
        case 1, 2:
            guard let lease = held[worker]?.randomElement(using: &random) else { break }
            apply(bench.scheduler.resultReceived(Bench.session(worker), lease))
            credit[worker, default: 0] += 1
            bench.scheduler.creditGiven(Bench.session(worker), total: credit[worker] ?? 0)
        case 3:
            guard !pendingCommits.isEmpty else { break }
            let (lease, shard) = pendingCommits.removeFirst()
            if !committed.contains(shard.number) {
                committed.append(shard.number)
            } else {
                failure = "shard \(shard.number) was committed twice"
            }
            apply(bench.commit(lease))
        case 4:
            apply(bench.scheduler.dispatch(now: bench.now))
        case 5:
            speak(worker, naming: held[worker] ?? [])
        case 6:
            // Some are still on their way to it.
            let all = held[worker] ?? []
            speak(worker, naming: Array(all.prefix(Int.random(in: 0...2, using: &random))))
        case 7:
            held[worker] = nil
        case 8:
            apply(bench.pass(.seconds(Int.random(in: 1...30, using: &random))))
        case 9:
            let lease = LeaseID(UInt64.random(in: 90...200, using: &random))
            apply(bench.scheduler.resultReceived(Bench.session(worker), lease))
        default:
            bench.scheduler.leasesReleased(Bench.session(worker), held[worker] ?? [])
            held[worker] = held[worker].map { _ in [] }
        }
        bench.now = bench.now.advanced(by: .milliseconds(20))
        apply(bench.scheduler.tick(now: bench.now))
    }
}

@Suite("Random events") struct RandomEventTests {
    @Test("every shard is committed exactly once, and the job ends", arguments: 0..<200)
    func exactlyOnce(seed: Int) {
        var fleet = RandomFleet(seed: UInt64(seed))
        for _ in 0..<600 { fleet.step(withFaults: true) }
        var steps = 0
        while !fleet.isPublished, steps < 20_000 {
            fleet.step(withFaults: false)
            steps += 1
        }
        #expect(fleet.failure == nil)
        #expect(fleet.isPublished, "the job must end once the faults stop")
        #expect(fleet.committed.sorted() == (0..<fleet.shardCount).map { ShardNumber($0 * 10) })
        #expect(fleet.bench.scheduler.jobs[Bench.job]?.progress.shards == fleet.shardCount)
    }
}
