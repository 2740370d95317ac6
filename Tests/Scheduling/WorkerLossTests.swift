import Scheduling
import Testing

@Suite("Workers that fall silent, come back, or are replaced") struct WorkerLossTests {
    var bench = Bench()

    @Test("a silent worker gets no new work, and later loses its leases")
    mutating func silence() {
        _ = bench.greet(1, credit: 2)
        _ = bench.plan(3)
        let first = bench.grant()
        #expect(first.count == 2)
        _ = bench.pass(.seconds(9))
        bench.scheduler.creditGiven(Bench.session(1), total: 3)
        #expect(bench.grant().isEmpty, "suspect workers get nothing")
        _ = bench.greet(2, credit: 5)
        _ = bench.pass(.seconds(12))
        #expect(bench.scheduler.workers[Bench.session(1)] == nil)
        bench.now = bench.now.advanced(by: .milliseconds(1))
        _ = bench.greet(2, credit: 5)
        let second = bench.grant()
        #expect(second.map(\.range) == (0..<3).map(Bench.range), "lost shards come first")
        #expect(Set(second.map(\.lease)).isDisjoint(with: first.map(\.lease)))
    }

    @Test("a pause of the coordinator itself is nobody's silence") mutating func pause() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        _ = bench.grant()
        bench.now = bench.now.advanced(by: .seconds(600))
        #expect(bench.scheduler.tick(now: bench.now).isEmpty)
        #expect(bench.scheduler.workers[Bench.session(1)]?.state == .active)
    }

    @Test("a late result of a lost worker counts while its shard is open")
    mutating func lateResult() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        let lease = bench.grant()[0].lease
        _ = bench.pass(.seconds(25))
        let shard = ShardID(job: Bench.job, number: ShardNumber(0))
        #expect(
            bench.scheduler.resultReceived(Bench.session(1), lease) == [.commitResult(lease, shard)]
        )
        _ = bench.greet(2, credit: 3)
        #expect(bench.grant().isEmpty, "the shard waits for the disk, not for a worker")
    }

    @Test("a late result of another worker's lease does not count") mutating func stolenResult() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        let lease = bench.grant()[0].lease
        _ = bench.pass(.seconds(25))
        _ = bench.greet(2, credit: 0)
        #expect(
            bench.scheduler.resultReceived(Bench.session(2), lease)
                == [.acknowledge(Bench.session(2), lease, .leaseEnded)]
        )
    }

    @Test("of two results of one shard the first counts and the other lease is cancelled")
    mutating func twoResults() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        let old = bench.grant()[0].lease
        _ = bench.pass(.seconds(25))
        _ = bench.greet(2)
        let new = bench.grant()[0].lease
        _ = bench.scheduler.resultReceived(Bench.session(1), old)
        #expect(
            bench.scheduler.resultReceived(Bench.session(2), new).isEmpty,
            "it may still be needed"
        )
        #expect(bench.commit(old).contains(.cancel(Bench.session(2), new)))
        #expect(bench.scheduler.jobs[Bench.job]?.progress.shards == 1)
    }

    @Test("a new process of the same name fences the old one and frees its lease at once")
    mutating func fencing() {
        _ = bench.greet(1, name: "host/0")
        _ = bench.plan(1)
        let old = bench.grant()[0].lease
        let actions = bench.greet(2, name: "host/0")
        #expect(actions.first == .fence(Bench.session(1)))
        let new = bench.grant()
        #expect(new.count == 1)
        #expect(new.first?.lease != old)
    }

    @Test("a worker that comes back keeps what it still computes")
    mutating func reconnection() {
        _ = bench.greet(1, credit: 2)
        _ = bench.plan(2)
        let leases = bench.grant().map(\.lease)
        let actions = bench.greet(1, credit: 1, held: [leases[0], LeaseID(7)])
        guard case .welcome(_, let decision) = actions.last else {
            Issue.record("expected a welcome, got \(actions)")
            return
        }
        #expect(decision.keep == [leases[0]])
        #expect(decision.drop == [LeaseID(7)])
        #expect(bench.grant().map(\.range) == [Bench.range(1)], "what it lost is given anew")
    }

    @Test("released leases blame nobody and are given anew") mutating func release() {
        _ = bench.greet(1)
        _ = bench.plan(1)
        for round in 1...8 {
            let lease = bench.grant()[0].lease
            bench.scheduler.leasesReleased(Bench.session(1), [lease])
            bench.scheduler.creditGiven(Bench.session(1), total: UInt64(round + 1))
        }
        #expect(bench.scheduler.jobs[Bench.job]?.state == .running)
    }
}

@Suite("Restart of the coordinator") struct RestartTests {
    private static func recorded() -> [RecordedShard] {
        [
            RecordedShard(
                range: Bench.range(0),
                attempts: 1,
                leases: [RecordedLease(id: LeaseID(42), worker: "worker1")]
            )
        ]
    }

    @Test("a lease of an earlier life is kept for the worker that holds it")
    func readoption() {
        var bench = Bench(openShards: Self.recorded())
        let actions = bench.greet(1, held: [LeaseID(42)])
        guard case .welcome(_, let decision) = actions.last else {
            Issue.record("expected a welcome, got \(actions)")
            return
        }
        #expect(decision.keep == [LeaseID(42)])
        #expect(bench.grant().isEmpty)
        let shard = ShardID(job: Bench.job, number: ShardNumber(0))
        #expect(
            bench.scheduler.resultReceived(Bench.session(1), LeaseID(42))
                == [.commitResult(LeaseID(42), shard)]
        )
    }

    @Test("a lease that comes back has the machine of whoever holds it")
    func machine() {
        var bench = Bench(openShards: Self.recorded())
        _ = bench.greet(1, machine: "host", held: [LeaseID(42)])
        let actions = bench.scheduler.leaseFailed(
            Bench.session(1),
            LeaseID(42),
            message: "broken"
        )
        let shard = ShardID(job: Bench.job, number: ShardNumber(0))
        let strike = Strike(machine: "host", kind: .failed)
        #expect(actions == [.recordStrike(shard, strike)])
    }

    @Test("strikes of an earlier life are judged once its workers had time to come back")
    func recoveredStrikes() {
        let strikes = ["a", "a", "b"].map { Strike(machine: $0, kind: .lost) }
        let shard = RecordedShard(
            range: Bench.range(0),
            attempts: 3,
            leases: [],
            strikes: strikes
        )
        var bench = Bench(openShards: [shard])
        var actions = bench.pass(.seconds(59))
        #expect(actions.isEmpty)
        actions = bench.pass(.seconds(2))
        let id = ShardID(job: Bench.job, number: ShardNumber(0))
        #expect(actions == [.split(id, Bench.range(0))])
    }

    @Test("a lease of an earlier life that nobody claims is given anew after the grace")
    func grace() {
        var bench = Bench(openShards: Self.recorded())
        _ = bench.greet(2, credit: 1)
        #expect(bench.grant().isEmpty)
        for _ in 0..<13 {
            _ = bench.pass(.seconds(5))
            bench.scheduler.workerSeen(Bench.session(2), now: bench.now)
        }
        #expect(bench.grant().map(\.range) == [Bench.range(0)])
    }

    @Test("a worker of the same name that holds nothing frees its old lease at once")
    func sameNameHoldsNothing() {
        var bench = Bench(openShards: Self.recorded())
        _ = bench.greet(9, name: "worker1")
        #expect(bench.grant().map(\.range) == [Bench.range(0)])
    }
}
