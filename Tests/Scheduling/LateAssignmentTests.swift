import Scheduling
import Testing

@Suite("Shards that are long on their way to a worker") struct LateAssignmentTests {
    var bench = Bench()
    private let shard = ShardID(job: Bench.job, number: ShardNumber(0))

    /// A worker's sign of life, in which it names what it holds.
    private mutating func heartbeat(
        _ number: UInt64,
        _ named: [LeaseID],
        records: Int = 0
    ) -> (inVain: [LeaseID], actions: [SchedulerAction]) {
        bench.scheduler.heartbeat(
            Bench.session(number),
            progress: named.map { LeaseProgress(lease: $0, records: records, tokens: 0) },
            isDraining: false,
            now: bench.now
        )
    }

    /// Time passes in which a worker lives and names these.
    private mutating func pass(seconds: Int, _ number: UInt64, _ named: [LeaseID]) {
        for _ in 0..<seconds {
            _ = bench.pass(.seconds(1))
            _ = heartbeat(number, named)
        }
    }

    /// A worker is given the only shard and says nothing of it for so long that it is given up.
    private mutating func late() -> LeaseID {
        _ = bench.greet(1)
        _ = bench.plan(1, isAtEnd: true)
        let lease = bench.grant()[0].lease
        pass(seconds: 11, 1, [])
        return lease
    }

    /// The shard goes to a second worker.
    private mutating func giveAnew(machine: String? = nil) throws -> LeaseID {
        _ = bench.greet(2, machine: machine)
        let granted = bench.grant()
        return try #require(granted.first?.lease)
    }

    @Test("a lease that its worker does not know of after a while is given anew")
    mutating func givenAnew() {
        _ = bench.greet(1, credit: 2)
        _ = bench.plan(2)
        let leases = bench.grant().map(\.lease)
        pass(seconds: 11, 1, [leases[0]])
        #expect(bench.scheduler.holder(of: leases[0]) == Bench.session(1))
        #expect(bench.scheduler.holder(of: leases[1]) == nil)
        #expect(bench.scheduler.shard(of: leases[1]) != nil, "a late result would still count")
        bench.scheduler.creditGiven(Bench.session(1), total: 3)
        #expect(bench.grant().map(\.range) == [Bench.range(1)])
    }

    @Test("a worker that names it after all goes on with it") mutating func named() {
        let lease = late()
        let (inVain, actions) = heartbeat(1, [lease])
        #expect(inVain.isEmpty && actions.isEmpty)
        #expect(bench.scheduler.holder(of: lease) == Bench.session(1))
        _ = bench.greet(2)
        #expect(bench.grant().isEmpty, "it is not given to anybody else")
        let result = bench.scheduler.resultReceived(Bench.session(1), lease)
        #expect(result == [.commitResult(lease, shard)])
    }

    @Test("it is blamed again for what its worker does not come back from")
    mutating func blamed() {
        let lease = late()
        _ = heartbeat(1, [lease])
        let actions = bench.pass(.seconds(100))
        #expect(actions == [.recordStrike(shard, Strike(machine: "machine1", kind: .lost))])
    }

    @Test("whoever got it meanwhile and does not have it yet is told to drop it")
    mutating func onItsWayToAnother() throws {
        let old = late()
        let new = try giveAnew()
        let (inVain, actions) = heartbeat(1, [old])
        #expect(inVain.isEmpty)
        #expect(actions == [.cancel(Bench.session(2), new)])
        #expect(bench.scheduler.holder(of: old) == Bench.session(1))
        let dropped = heartbeat(2, [new])
        #expect(dropped.inVain == [new], "if it comes all the same")
    }

    @Test("the same worker computes it once, where it was given it twice")
    mutating func twiceTheSame() throws {
        let old = late()
        bench.scheduler.creditGiven(Bench.session(1), total: 2)
        let granted = bench.grant()
        let new = try #require(granted.first?.lease)
        let (inVain, actions) = heartbeat(1, [old, new])
        #expect(inVain == [new])
        #expect(actions == [.cancel(Bench.session(1), new)])
        #expect(bench.scheduler.holder(of: old) == Bench.session(1))
    }

    @Test("whoever got it meanwhile and has it goes on too, where there is room for second workers")
    mutating func atAnother() throws {
        let old = late()
        let new = try giveAnew()
        _ = heartbeat(2, [new])
        let (inVain, actions) = heartbeat(1, [old])
        #expect(inVain.isEmpty && actions.isEmpty)
        #expect(bench.scheduler.holder(of: old) == Bench.session(1))
        #expect(bench.scheduler.holder(of: new) == Bench.session(2))
        _ = bench.scheduler.resultReceived(Bench.session(1), old)
        #expect(bench.commit(old).contains(.cancel(Bench.session(2), new)))
    }

    @Test("of many that others have, no more go on than there is room for second workers")
    mutating func room() {
        _ = bench.greet(1, credit: 3)
        _ = bench.plan(3, isAtEnd: true)
        let old = bench.grant().map(\.lease)
        pass(seconds: 11, 1, [])
        _ = bench.greet(2, credit: 3)
        let new = bench.grant().map(\.lease)
        #expect(old.count == 3 && new.count == 3)
        _ = heartbeat(2, new)
        let (inVain, _) = heartbeat(1, old)
        #expect(inVain == Array(old.dropFirst()))
        #expect(new.allSatisfy { bench.scheduler.holder(of: $0) == Bench.session(2) })
        let again = heartbeat(1, old)
        #expect(again.inVain == Array(old.dropFirst()), "one that goes on does so for good")
    }

    @Test("two workers of one host do not both compute it") mutating func oneHost() throws {
        let old = late()
        let new = try giveAnew(machine: "machine1")
        _ = heartbeat(2, [new])
        let (inVain, _) = heartbeat(1, [old])
        #expect(inVain == [old])
    }

    @Test("it is in vain once another's result is durable, and not before")
    mutating func committed() throws {
        let old = late()
        let new = try giveAnew()
        _ = bench.scheduler.resultReceived(Bench.session(2), new)
        let before = heartbeat(1, [old])
        #expect(before.inVain.isEmpty, "the disk may fail: then it is still needed")
        _ = bench.commit(new)
        let after = heartbeat(1, [old])
        #expect(after.inVain == [old])
    }

    @Test("another worker cannot take it up by its number") mutating func stolen() {
        let lease = late()
        _ = bench.greet(2, credit: 0)
        let (inVain, _) = heartbeat(2, [lease])
        #expect(inVain == [lease])
        #expect(bench.scheduler.holder(of: lease) == nil)
    }
}
