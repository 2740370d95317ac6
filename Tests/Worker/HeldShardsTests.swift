import TestSupport
import Testing
import Wire

@testable import Worker

/// Method: whatever is done to it in whatever order, it holds what a plain list would.
@Suite("The leases that a worker holds") struct HeldShardsTests {
    private func held(_ lease: UInt64) -> HeldShard {
        HeldShard(assign: SessionBench.assign(lease, []), state: .computing)
    }

    @Test("are those of a plain list, in its order", arguments: 0..<20 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SplitMix(state: seed)
        var shards = HeldShards()
        var list: [HeldShard] = []
        var next: UInt64 = 1
        for _ in 0..<2_000 {
            let lease = list.randomElement(using: &random)?.assign.lease ?? 0
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                guard list.count < 150 else { continue }
                shards.append(held(next))
                list.append(held(next))
                next += 1
            case 2:
                #expect(shards.remove(lease) == list.first { $0.assign.lease == lease })
                list.removeAll { $0.assign.lease == lease }
            case 3:
                let some = [lease, next + 5, list.first?.assign.lease ?? 0]
                let expected = list.filter { some.contains($0.assign.lease) }
                #expect(shards.remove(some) == expected)
                list.removeAll { some.contains($0.assign.lease) }
            case 4:
                let transfer = ResultTransfer(now: 0)
                let state = HeldShard.State.done(SessionBench.result(3), transfer)
                _ = shards.update(lease) { $0.state = state }
                for place in list.indices where list[place].assign.lease == lease {
                    list[place].state = state
                }
            default: #expect(shards.contains(lease) == (lease != 0))
            }
            #expect(shards.inOrder == list)
            #expect(shards.leases == list.map(\.assign.lease))
            #expect(shards.activeCount == list.count { !$0.isDone })
            #expect(shards.doneCount == list.count { $0.isDone })
        }
    }
}
