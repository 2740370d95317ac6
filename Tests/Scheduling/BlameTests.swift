import Scheduling
import Testing

/// Workers that die, hang or fail while they compute one shard, again and again.
@Suite("Shards that are to blame") struct BlameTests {
    var bench = Bench()
    private var next: UInt64 = 1

    /// A worker takes what waits and dies without a word; returns what follows.
    private mutating func die(
        on machine: String,
        grace: Duration = .seconds(90)
    )
        -> [SchedulerAction]
    {
        _ = bench.greet(next, name: "worker\(next)", machine: machine)
        next += 1
        _ = bench.grant()
        return bench.pass(grace)
    }

    private func splits(_ actions: [SchedulerAction]) -> [ShardRange] {
        actions.compactMap { if case .split(_, let range) = $0 { range } else { nil } }
    }

    private func surrenders(_ actions: [SchedulerAction]) -> [ShardRange] {
        actions.compactMap { if case .giveUp(_, let range, _) = $0 { range } else { nil } }
    }

    /// Two halves of a range of the bench.
    private static func halves(_ range: ShardRange) -> [ShardRange] {
        let count = range.lineCount / 2
        return [(0, count), (count, range.lineCount - count)].map { first, count in
            ShardRange(
                input: 0,
                byteOffset: range.byteOffset + first * 10,
                byteCount: count * 10,
                firstLine: range.firstLine + first,
                lineCount: count,
                recordCount: count,
                isOverlong: false,
                digest: range.digest
            )
        }
    }

    @Test("a shard that kills workers on two machines is split after three of them")
    mutating func split() {
        _ = bench.plan(1, isAtEnd: true)
        #expect(splits(die(on: "one")).isEmpty)
        #expect(splits(die(on: "one")).isEmpty)
        #expect(splits(die(on: "two")) == [Bench.range(0)])
        let shard = ShardID(job: Bench.job, number: ShardNumber(0))
        let halves = Self.halves(Bench.range(0))
        #expect(bench.scheduler.shardCut(shard, halves) == [.recordSplit(shard, halves)])
        bench.scheduler.splitRecorded(shard, halves)
        _ = bench.greet(90, machine: "three", credit: 5)
        #expect(bench.grant().map(\.range) == halves)
    }

    @Test("in a cluster of one machine that machine's word is enough")
    mutating func oneMachine() {
        _ = bench.plan(1, isAtEnd: true)
        #expect(splits(die(on: "one")).isEmpty)
        #expect(splits(die(on: "one")).isEmpty)
        #expect(splits(die(on: "one")) == [Bench.range(0)])
    }

    @Test("a record that kills its workers is found by halving, and alone gives up")
    mutating func bisection() {
        _ = bench.plan(1, isAtEnd: true)
        let poison = 7
        var attempts = 0
        var given: [ShardRange] = []
        while given.isEmpty, attempts < 40 {
            attempts += 1
            let session = next
            next += 1
            _ = bench.greet(session, machine: "m\(attempts % 2)", credit: 1)
            guard let assignment = bench.grant().first else { continue }
            let lines = assignment.range.firstLine..<assignment.range.endLine
            guard lines.contains(poison) else {
                _ = bench.scheduler.resultReceived(Bench.session(session), assignment.lease)
                _ = bench.commit(assignment.lease)
                bench.scheduler.workerLeft(Bench.session(session))
                continue
            }
            let actions = bench.pass(.seconds(90))
            given += surrenders(actions)
            for case .split(let shard, let range) in actions {
                let halves = Self.halves(range)
                _ = bench.scheduler.shardCut(shard, halves)
                bench.scheduler.splitRecorded(shard, halves)
            }
        }
        #expect(given.map(\.firstLine) == [poison] && given.first?.recordCount == 1)
        #expect(attempts <= 4 + 6 + 4, "the binary digits of ten, and six, and healthy halves")
        let shard = ShardID(job: Bench.job, number: ShardNumber(poison))
        #expect(bench.scheduler.answerMade(shard) != nil)
    }

    @Test("a worker that comes back in time costs its shard nothing")
    mutating func cameBack() {
        _ = bench.plan(1, isAtEnd: true)
        for _ in 0..<8 {
            _ = bench.greet(1, machine: "one")
            _ = bench.grant()
            let actions = bench.pass(.seconds(40))
            #expect(bench.scheduler.workers.isEmpty, "it was given up")
            #expect(!actions.contains { if case .recordStrike = $0 { true } else { false } })
        }
    }

    @Test("a process started anew under a name blames what the old one was computing")
    mutating func startedAnew() {
        _ = bench.plan(1, isAtEnd: true)
        var actions: [SchedulerAction] = []
        for life in 1...4 {
            actions += bench.greet(UInt64(life), name: "host/0", machine: "one")
            _ = bench.grant()
            actions += bench.pass(.seconds(6))
            // A shard that was struck is given once the last process is known to be dead.
            _ = bench.grant()
        }
        #expect(splits(actions) == [Bench.range(0)])
    }

    @Test("a shard that has cost workers waits until the last of them is known to be dead")
    mutating func guiltyWaits() {
        _ = bench.plan(1, isAtEnd: true)
        var grantsAtOnce: [Bool] = []
        for life in 1...6 {
            _ = bench.greet(UInt64(life), name: "host/0", machine: "one")
            grantsAtOnce.append(!bench.grant().isEmpty)
        }
        #expect(grantsAtOnce == [true, true, false, false, false, false])
        let actions = bench.pass(.seconds(4))
        let strikes = actions.count { if case .recordStrike = $0 { true } else { false } }
        #expect(strikes == 2)
        #expect(!bench.grant().isEmpty, "it is given again once they are held against it")
    }

    @Test("a clone that still speaks is fenced, and no shard is blamed")
    mutating func clone() {
        _ = bench.plan(1, isAtEnd: true)
        _ = bench.greet(1, name: "host/0", machine: "one")
        _ = bench.grant()
        _ = bench.greet(2, name: "host/0", machine: "one")
        bench.scheduler.sessionSpoke(Bench.session(1))
        #expect(bench.scheduler.isFenced(Bench.session(1)))
        let again = bench.greet(1, name: "host/0", machine: "one")
        #expect(again == [.fence(Bench.session(1))], "it stays fenced")
        bench.scheduler.workerSeen(Bench.session(2), now: bench.now)
        let actions = bench.pass(.seconds(7))
        #expect(!actions.contains { if case .recordStrike = $0 { true } else { false } })
    }

    @Test("a clone that can only greet, as its connection broke, is alive as well")
    mutating func greetingClone() {
        _ = bench.plan(1, isAtEnd: true)
        _ = bench.greet(1, name: "host/0", machine: "one")
        _ = bench.grant()
        _ = bench.greet(2, name: "host/0", machine: "one")
        let again = bench.greet(1, name: "host/0", machine: "one")
        #expect(again == [.fence(Bench.session(1))])
        bench.scheduler.workerSeen(Bench.session(2), now: bench.now)
        let actions = bench.pass(.seconds(7))
        #expect(!actions.contains { if case .recordStrike = $0 { true } else { false } })
    }

    @Test("a worker that gives signs of life and none of progress loses its shard")
    mutating func hang() {
        _ = bench.greet(1, credit: 2)
        _ = bench.plan(2, isAtEnd: true)
        let leases = bench.grant().map(\.lease)
        let lease = leases[0]
        var actions: [SchedulerAction] = []
        for second in 0..<125 {
            let told = LeaseProgress(lease: lease, records: min(second, 2), tokens: 0)
            let waiting = LeaseProgress(lease: leases[1], records: 0, tokens: 0)
            let (inVain, _) = bench.scheduler.heartbeat(
                Bench.session(1),
                progress: [told, waiting],
                isDraining: false,
                now: bench.now
            )
            #expect(inVain.isEmpty == actions.isEmpty)
            actions += bench.pass(.seconds(1))
        }
        let shard = ShardID(job: Bench.job, number: ShardNumber(0))
        let strike = Strike(machine: "machine1", kind: .hung)
        // The shard behind it was never begun: it is given to others, and not blamed.
        let cancelled = leases.map { SchedulerAction.cancel(Bench.session(1), $0) }
        #expect(actions == cancelled + [.recordStrike(shard, strike)])
        #expect(bench.grant().isEmpty, "it gets no more until it gets on")
        for _ in 0..<62 {
            bench.scheduler.workerSeen(Bench.session(1), now: bench.now)
            _ = bench.pass(.seconds(1))
        }
        bench.scheduler.creditGiven(Bench.session(1), total: 3)
        #expect(bench.grant().count == 1, "or has had nothing to get on with for a while")
    }

    @Test("a failure that every attempt reports ends the job with its sentence")
    mutating func reportedFailure() {
        _ = bench.plan(40)
        _ = bench.greet(1, credit: 100)
        _ = bench.greet(2, credit: 100)
        var message: String?
        var attempts = 0
        while message == nil, attempts < 200 {
            for assignment in bench.grant() {
                attempts += 1
                let actions = bench.scheduler.leaseFailed(
                    assignment.session,
                    assignment.lease,
                    message: "the engine is broken"
                )
                for case .recordFailure(_, let text) in actions { message = text }
                if message != nil { break }
                bench.scheduler.creditGiven(
                    assignment.session,
                    total: UInt64(100 + attempts)
                )
            }
        }
        #expect(message?.contains("the engine is broken") == true)
        #expect(message?.contains("32 attempts in a row") == true, "\(message ?? "none")")
    }

    @Test("a machine that loses what others do gets no work for a while, then one shard")
    mutating func quarantine() {
        _ = bench.plan(40)
        _ = bench.greet(1, machine: "good", credit: 1)
        _ = bench.greet(2, machine: "bad", credit: 1)
        var (goodCredit, badCredit) = (UInt64(1), UInt64(1))
        var failures = 0
        for _ in 0..<12 {
            for assignment in bench.grant() {
                if assignment.session == Bench.session(1) {
                    _ = bench.scheduler.resultReceived(assignment.session, assignment.lease)
                    _ = bench.commit(assignment.lease)
                    goodCredit += 1
                    bench.scheduler.creditGiven(Bench.session(1), total: goodCredit)
                } else {
                    failures += 1
                    _ = bench.scheduler.leaseFailed(
                        assignment.session,
                        assignment.lease,
                        message: "broken"
                    )
                    badCredit += 1
                    bench.scheduler.creditGiven(Bench.session(2), total: badCredit)
                }
            }
        }
        #expect(failures == 3)
        for _ in 0..<601 {
            for number in [UInt64(1), 2] {
                bench.scheduler.workerSeen(Bench.session(number), now: bench.now)
            }
            _ = bench.pass(.seconds(1))
        }
        bench.scheduler.creditGiven(Bench.session(2), total: badCredit + 5)
        let probation = bench.grant().filter { $0.session == Bench.session(2) }
        #expect(probation.count == 1, "one shard to show that it is well")
        _ = bench.scheduler.leaseFailed(Bench.session(2), probation[0].lease, message: "broken")
        bench.scheduler.creditGiven(Bench.session(2), total: badCredit + 6)
        #expect(bench.grant().allSatisfy { $0.session == Bench.session(1) })
        bench.scheduler.workerLeft(Bench.session(1))
        #expect(!bench.grant().isEmpty, "it is better than nobody")
    }

    @Test("where every machine loses now and then, one at least is left to work")
    mutating func nobodyLeft() {
        _ = bench.plan(400)
        for number in [UInt64(1), 2] { _ = bench.greet(number, credit: 1) }
        var credit: [UInt64: UInt64] = [1: 1, 2: 1]
        for round in 0..<60 {
            let assignments = bench.grant()
            #expect(!assignments.isEmpty, "round \(round)")
            for assignment in assignments {
                let worker = assignment.session.low
                if round % 2 == 1 {
                    _ = bench.scheduler.leaseFailed(
                        assignment.session,
                        assignment.lease,
                        message: "killed"
                    )
                } else {
                    _ = bench.scheduler.resultReceived(assignment.session, assignment.lease)
                    _ = bench.commit(assignment.lease)
                }
                credit[worker, default: 0] += 1
                bench.scheduler.creditGiven(assignment.session, total: credit[worker] ?? 0)
            }
        }
    }

    @Test("a machine that does several shards for each that it loses keeps its work")
    mutating func usefulMachine() {
        _ = bench.plan(400)
        for number in [UInt64(1), 2] { _ = bench.greet(number, credit: 1) }
        var credit: [UInt64: UInt64] = [1: 1, 2: 1]
        for round in 0..<60 {
            let assignments = bench.grant()
            #expect(assignments.count == 2, "round \(round)")
            for assignment in assignments {
                let worker = assignment.session.low
                if worker == 2, round % 6 == 5 {
                    _ = bench.scheduler.leaseFailed(
                        assignment.session,
                        assignment.lease,
                        message: "killed"
                    )
                } else {
                    _ = bench.scheduler.resultReceived(assignment.session, assignment.lease)
                    _ = bench.commit(assignment.lease)
                }
                credit[worker, default: 0] += 1
                bench.scheduler.creditGiven(assignment.session, total: credit[worker] ?? 0)
            }
        }
    }

    @Test("shards that fail on every machine send no machine away")
    mutating func badShards() {
        _ = bench.plan(40)
        for number in [UInt64(1), 2] { _ = bench.greet(number, credit: 1) }
        var credit: [UInt64: UInt64] = [1: 1, 2: 1]
        for _ in 0..<40 {
            for assignment in bench.grant() {
                let worker = assignment.session.low
                if assignment.range.firstLine < 50 {
                    _ = bench.scheduler.leaseFailed(
                        assignment.session,
                        assignment.lease,
                        message: "broken"
                    )
                } else {
                    _ = bench.scheduler.resultReceived(assignment.session, assignment.lease)
                    _ = bench.commit(assignment.lease)
                }
                credit[worker, default: 0] += 1
                bench.scheduler.creditGiven(assignment.session, total: credit[worker] ?? 0)
            }
        }
        for number in [UInt64(1), 2] {
            bench.scheduler.creditGiven(Bench.session(number), total: 99)
        }
        _ = bench.plan(10)
        #expect(Set(bench.grant().map(\.session.low)) == [1, 2])
    }

    @Test("at the end of a job a shard that takes long gets a second worker elsewhere")
    mutating func speculation() {
        _ = bench.plan(10, isAtEnd: true)
        _ = bench.greet(1, machine: "fast", credit: 9)
        for assignment in bench.grant() {
            _ = bench.scheduler.resultReceived(assignment.session, assignment.lease)
            _ = bench.commit(assignment.lease)
        }
        _ = bench.greet(2, machine: "slow", credit: 1)
        let slow = bench.grant()
        #expect(slow.count == 1)
        bench.scheduler.creditGiven(Bench.session(1), total: 12)
        for _ in 0..<65 {
            for number in [UInt64(1), 2] {
                bench.scheduler.workerSeen(Bench.session(number), now: bench.now)
            }
            _ = bench.pass(.seconds(1))
        }
        let second = bench.grant()
        #expect(second.map(\.range) == slow.map(\.range))
        #expect(second.map(\.session) == [Bench.session(1)])
        _ = bench.scheduler.resultReceived(Bench.session(1), second[0].lease)
        let actions = bench.commit(second[0].lease)
        #expect(actions.contains(.cancel(Bench.session(2), slow[0].lease)))
        #expect(actions.contains(.publish(Bench.job)))
    }

    @Test("without room on the disk nothing is given, and with room again all goes on")
    mutating func noSpace() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        bench.scheduler.spaceChanged(hasSpace: false)
        #expect(bench.grant().isEmpty)
        bench.scheduler.spaceChanged(hasSpace: true)
        #expect(bench.grant().count == 1)
    }

    @Test("a network that fails for all workers ends no job")
    mutating func cutNetwork() {
        for number in UInt64(1)...40 { _ = bench.greet(number, credit: 1) }
        _ = bench.plan(40)
        #expect(bench.grant().count == 40)
        let actions = bench.pass(.seconds(120))
        #expect(bench.scheduler.workers.isEmpty)
        #expect(!actions.contains { if case .recordFailure = $0 { true } else { false } })
        #expect(bench.scheduler.jobs[Bench.job]?.state == .running)
    }

    @Test("what was never sent, is finished, or was given to a worker that leaves blames nobody")
    mutating func innocent() {
        _ = bench.plan(3, isAtEnd: true)
        _ = bench.greet(1)
        for case .recordGrants(let grants) in bench.scheduler.dispatch(now: bench.now) {
            _ = bench.scheduler.grantsRecorded(grants.map(\.lease))
        }
        _ = bench.greet(2)
        let finished = bench.grant()[0].lease
        _ = bench.scheduler.heartbeat(
            Bench.session(2),
            progress: [LeaseProgress(lease: finished, records: 10, tokens: 0)],
            isDraining: false,
            now: bench.now
        )
        _ = bench.greet(3)
        let draining = bench.grant()[0].lease
        _ = bench.scheduler.heartbeat(
            Bench.session(3),
            progress: [LeaseProgress(lease: draining, records: 1, tokens: 0)],
            isDraining: true,
            now: bench.now
        )
        let actions = bench.pass(.seconds(120))
        #expect(bench.scheduler.workers.isEmpty)
        #expect(!actions.contains { if case .recordStrike = $0 { true } else { false } })
    }

    @Test("results that wait for room on the disk, or come in slowly, are no hang")
    mutating func waitingResults() {
        _ = bench.greet(1)
        _ = bench.plan(1, isAtEnd: true)
        _ = bench.grant()
        bench.scheduler.spaceChanged(hasSpace: false)
        var actions: [SchedulerAction] = []
        for second in 0..<400 {
            if second == 200 { bench.scheduler.spaceChanged(hasSpace: true) }
            if second >= 199, second % 50 == 0 || second == 199 {
                bench.scheduler.resultArriving(Bench.session(1))
            }
            bench.scheduler.workerSeen(Bench.session(1), now: bench.now)
            actions += bench.pass(.seconds(1))
        }
        #expect(actions.isEmpty)
    }

    @Test(
        "a result without room for longer than a lease may take is no hang, a late one is",
        arguments: [true, false]
    )
    mutating func refusedResults(isRefused: Bool) {
        _ = bench.greet(1)
        _ = bench.plan(1, isAtEnd: true)
        _ = bench.grant()
        var actions: [SchedulerAction] = []
        for _ in 0..<50 {
            bench.scheduler.workerSeen(Bench.session(1), now: bench.now)
            bench.scheduler.resultArriving(Bench.session(1))
            if isRefused { bench.scheduler.resultRefused(Bench.session(1)) }
            for _ in 0..<60 {
                bench.scheduler.workerSeen(Bench.session(1), now: bench.now)
                actions += bench.pass(.seconds(1))
            }
        }
        #expect(actions.isEmpty == isRefused)
    }

    @Test("a coordinator that stood still for an hour takes no shard for hung")
    mutating func pausedCoordinator() {
        _ = bench.greet(1)
        _ = bench.plan(1, isAtEnd: true)
        _ = bench.grant()
        bench.now = bench.now.advanced(by: .seconds(3_600))
        #expect(bench.scheduler.tick(now: bench.now).isEmpty)
    }
}
