import Testing
import Wire

@testable import Worker

@Suite("A worker that is told to leave") struct DrainTests {
    var bench = SessionBench.welcomed()

    @Test("a worker with nothing at hand says goodbye and ends") mutating func idle() {
        let actions = bench.session.drain()
        #expect(
            actions == [.send(.bye(reason: "drained")), .exit(code: 0, reason: "drained")]
        )
    }

    @Test("the shard that is computed is finished, those that wait are given back")
    mutating func atHand() {
        _ = bench.assign(1)
        _ = bench.assign(2)
        _ = bench.receive(.assign(SessionBench.assign(3, [1], of: 9)))
        let actions = bench.session.drain()
        #expect(actions == [.stopComputing(2), .send(.release([2, 3]))])
        #expect(bench.leases == [1])
        #expect(bench.compute(1).exits.isEmpty, "its result is not acknowledged yet")
        #expect(bench.pass(1).heartbeats.first?.isDraining == true, "it says so at once")
        let end = bench.receive(.resultAck(lease: 1, .committed))
        #expect(end.messages == [.bye(reason: "drained")])
        #expect(end.exits == [0])
    }

    @Test("a drain ends after twenty seconds, whatever could not be delivered")
    mutating func drainLimit() {
        _ = bench.assign(1)
        _ = bench.assign(2)
        _ = bench.compute(1)
        _ = bench.session.drain()
        #expect(bench.pass(1).exits.isEmpty)
        #expect(bench.pass(20_000).exits.isEmpty)
        let end = bench.pass(1)
        #expect(end.exits == [75])
        #expect(bench.leases.isEmpty)
    }

    @Test("a drain may have longer, and less") mutating func ownDrainLimit() {
        for seconds in [1, 120] {
            bench = .welcomed(limits: { $0.drain = seconds * 1_000 })
            _ = bench.assign(1)
            _ = bench.session.drain()
            #expect(bench.pass(1).exits.isEmpty)
            #expect(bench.pass(seconds * 1_000).exits.isEmpty)
            #expect(bench.pass(1).exits == [75])
        }
    }

    @Test("who has a lifetime begins to drain when a drain still fits into it")
    mutating func lifetime() {
        bench = .welcomed(limits: { $0.lifetime = 60_000 })
        _ = bench.assign(1)
        _ = bench.assign(2)
        #expect(bench.pass(33_999).messages.allSatisfy { $0 != .release([2]) })
        let actions = bench.pass(1)
        #expect(actions.messages.contains(.release([2])) && actions.exits.isEmpty)
        #expect(bench.pass(19_999).exits.isEmpty)
        _ = bench.compute(1)
        let end = bench.receive(.resultAck(lease: 1, .committed))
        #expect(end.messages == [.bye(reason: "drained")] && end.exits == [0])
    }

    @Test("who has a lifetime is gone before its end, whatever could not be delivered")
    mutating func endOfLifetime() {
        bench = .welcomed(limits: { $0.lifetime = 60_000 })
        _ = bench.assign(1)
        _ = bench.pass(34_000)
        #expect(bench.pass(20_000).exits.isEmpty)
        #expect(bench.pass(1).exits == [75], "so that six seconds are left for its last words")
    }

    @Test("the shard that is finished is the one whose input was complete first")
    mutating func engineOrder() {
        _ = bench.receive(.assign(SessionBench.assign(1, [1], of: 2)))
        #expect(bench.assign(2).computed == [2])
        #expect(bench.receive(.inputChunk(lease: 1, offset: 1, bytes: [2])).computed == [1])
        #expect(bench.session.drain() == [.stopComputing(1), .send(.release([1]))])
        #expect(bench.leases == [2])
    }

    @Test("a draining worker gives back what it is still given, and asks for nothing")
    mutating func givenMore() {
        _ = bench.assign(1)
        _ = bench.session.drain()
        #expect(bench.assign(2) == [.send(.release([2]))])
        #expect(bench.compute(1).credits.isEmpty)
        #expect(bench.pass(200).credits.isEmpty)
    }

    @Test("a release that could not be queued is said again") mutating func unsentRelease() {
        _ = bench.assign(1)
        _ = bench.assign(2)
        for message in bench.session.drain().messages { bench.session.notQueued(message) }
        #expect(bench.pass(200).messages.filter { $0 == .release([2]) }.count == 1)
        #expect(bench.pass(200).messages.isEmpty)
    }

    @Test("a draining worker leaves once its last lease is cancelled, fails or is dropped, once")
    mutating func otherEnds() {
        let fresh = bench
        for end in 0..<3 {
            bench = fresh
            _ = bench.assign(1)
            _ = bench.session.drain()
            let actions =
                switch end {
                case 0: bench.receive(.cancel(lease: 1))
                case 1: bench.session.failed(1, .engine, text: "no")
                default: bench.welcome(drop: [1])
                }
            #expect(actions.exits == [0], "end \(end)")
            #expect(actions.messages.filter { $0 == .bye(reason: "drained") }.count == 1)
        }
    }

    @Test("told to leave twice, a worker gives back what it has and leaves at once")
    mutating func twice() {
        _ = bench.assign(1)
        #expect(bench.session.drain().exits.isEmpty)
        let second = bench.session.drain()
        #expect(second.exits == [0])
        #expect(second.messages == [.release([1]), .bye(reason: "told to stop twice")])
    }

    @Test("a coordinator may tell all to leave as often as it likes")
    mutating func coordinatorDrains() {
        _ = bench.assign(1)
        #expect(bench.receive(.drain).isEmpty)
        #expect(bench.receive(.drain).isEmpty)
        #expect(bench.leases == [1])
        _ = bench.compute(1)
        #expect(bench.receive(.resultAck(lease: 1, .committed)).exits == [0])
    }

    @Test("a worker whose engine hangs on a shard that was taken away ends, to be started anew")
    func hungEngine() {
        var bench = SessionBench.welcomed()
        _ = bench.session.received(.assign(SessionBench.assign(7, [1])), now: bench.now)
        _ = bench.session.received(.cancel(lease: 7), now: bench.now)
        let start = bench.now
        var ends: [Int] = []
        while ends.isEmpty, bench.now < start + 400_000 {
            bench.now += 1_000
            _ = bench.session.received(.heartbeatAck(sequence: 1, cancel: []), now: bench.now)
            for action in bench.session.tick(now: bench.now, passes: [4, 7]) {
                if case .exit(75, _) = action { ends.append(bench.now - start) }
            }
        }
        #expect(ends == [302_000])
    }

    @Test("a long pass that comes to its end after its shard was taken away is no hang")
    func longPass() {
        var bench = SessionBench.welcomed()
        _ = bench.session.received(.assign(SessionBench.assign(7, [1])), now: bench.now)
        _ = bench.session.received(.cancel(lease: 7), now: bench.now)
        for second in 0..<900 {
            bench.now += 1_000
            _ = bench.session.received(.heartbeatAck(sequence: 1, cancel: []), now: bench.now)
            let passes: [UInt64] = second < 200 ? [7] : [9]
            let actions = bench.session.tick(now: bench.now, passes: passes)
            #expect(!actions.contains { if case .exit = $0 { true } else { false } })
        }
    }

    @Test("what is taken away while another pass is watched is watched next")
    func secondHang() {
        var watch = EngineWatch(limit: WorkerLimits().pass)
        var hangs: [Int] = []
        let states: [(now: Int, passes: [UInt64])] = [
            (0, [7, 4]), (1_000, [7, 5]), (2_000, [8, 5]), (3_000, [8, 5]), (303_001, [9, 5]),
        ]
        for state in states {
            // The second while the first is watched, which then ends its pass.
            if state.now < 2_000 { watch.shardTaken() }
            if watch.isHung(now: state.now, passes: state.passes) { hangs.append(state.now) }
        }
        #expect(hangs == [303_001])
    }
}
