import Testing
import Wire

@testable import Worker

@Suite("A worker's greeting") struct GreetingTests {
    var bench = SessionBench()

    @Test("a worker greets at once, and says what it is and that it holds nothing")
    mutating func first() {
        let greetings = bench.session.start().greetings
        #expect(greetings == [bench.session.identity])
        #expect(greetings.first?.held.isEmpty == true)
    }

    @Test("a greeting without an answer is repeated every two seconds, and nothing else is said")
    mutating func repetition() {
        _ = bench.session.start()
        #expect(bench.pass(1_999).isEmpty)
        #expect(bench.pass(1).greetings.count == 1)
        #expect(bench.pass(1_000).isEmpty)
        #expect(bench.pass(1_000) == [.send(.hello(bench.session.identity))])
    }

    @Test("a greeting that could not be queued is repeated as soon as time passes")
    mutating func notQueued() {
        for message in bench.session.start().messages { bench.session.notQueued(message) }
        #expect(bench.pass(10).greetings.count == 1)
        #expect(bench.pass(10).isEmpty)
    }

    @Test("a welcome is answered with credit for one shard to compute and one to wait")
    mutating func welcome() {
        _ = bench.session.start()
        #expect(bench.welcome() == [.send(.credit(total: 2))])
        #expect(bench.session.isWelcome)
        #expect(bench.pass(1_999).isEmpty)
        let beats = bench.pass(1).heartbeats
        #expect(beats == [Heartbeat(isDraining: false, residentMiB: 0, held: [])])
    }

    @Test("a welcome sets the pause between heartbeats, which is never nearly none")
    mutating func heartbeatInterval() {
        _ = bench.session.start()
        let short = Welcome(
            generation: 1,
            heartbeatMilliseconds: 0,
            deadMilliseconds: 1,
            keep: [],
            drop: []
        )
        _ = bench.receive(.welcome(short))
        _ = bench.pass(100)
        #expect(bench.pass(99).heartbeats.isEmpty)
        #expect(bench.pass(1).heartbeats.count == 1)
    }

    @Test("a welcome that drops leases stops their computing and frees their credit")
    mutating func droppedLeases() {
        bench = .welcomed()
        _ = bench.assign(1)
        _ = bench.assign(2)
        let actions = bench.welcome(keep: [2], drop: [1])
        #expect(actions.contains(.stopComputing(1)))
        #expect(bench.leases == [2])
        #expect(actions.credits == [1], "the count begins anew")
    }

    @Test("a resync is answered with a greeting that tells what is held and what is done")
    mutating func resync() {
        bench = .welcomed()
        _ = bench.assign(1)
        _ = bench.assign(2)
        _ = bench.compute(1)
        let held = bench.receive(.resync).greetings.first?.held
        #expect(
            Set(held?.map(\.lease) ?? []) == [1, 2]
                && held?.contains(HeldLease(lease: 1, isDone: true)) == true
        )
        #expect(!bench.session.isWelcome)
        #expect(bench.pass(200).isEmpty, "no heartbeat before the welcome")
        let result = SessionBench.result(10)
        let end = SessionBench.end(1, result, bytes: result.bytes)
        #expect(bench.welcome(keep: [1, 2]).messages == [.credit(total: 1), end])
    }

    @Test("an input that is not complete is given back by a new greeting")
    mutating func halfInput() {
        bench = .welcomed()
        _ = bench.receive(.assign(SessionBench.assign(1, [1, 2], of: 4)))
        _ = bench.assign(2)
        #expect(bench.receive(.resync).greetings.first?.held.map(\.lease) == [2])
        #expect(bench.welcome(keep: [2]).credits == [1])
        let late = CoordinatorMessage.inputChunk(lease: 1, offset: 2, bytes: [3, 4])
        #expect(bench.receive(late).isEmpty)
    }

    @Test("a coordinator that is silent for fifteen seconds is greeted over a new socket")
    mutating func silence() {
        bench = .welcomed()
        for round in 0..<9 {
            // A connection may need seconds to be made over a slow link.
            #expect(!bench.pass(round == 0 ? 15_000 : 30_000).contains(.reconnect))
            let actions = bench.pass(1)
            #expect(actions.first == .reconnect)
            #expect(actions.greetings.count == 1)
            #expect(!bench.session.isWelcome)
        }
    }

    @Test("any message of the coordinator ends its silence") mutating func noSilence() {
        bench = .welcomed()
        for _ in 0..<10 {
            _ = bench.receive(.heartbeatAck(sequence: 0, cancel: []))
            let actions = bench.pass(14_000)
            #expect(!actions.contains(.reconnect))
        }
    }

    @Test("a refused worker greets again after the pause it was told, not before")
    mutating func shortRefusal() {
        _ = bench.session.start()
        let refusal = CoordinatorMessage.refuse(.full, retryAfterMilliseconds: 30_000, text: "full")
        #expect(bench.receive(refusal).isEmpty)
        for _ in 0..<30 { #expect(bench.pass(1_000).isEmpty) }
        #expect(bench.pass(2_000).greetings.count == 1)
    }

    @Test("a worker that is refused for a minute or more ends with the reason")
    mutating func refusal() {
        _ = bench.session.start()
        let refusal = CoordinatorMessage.refuse(
            .version,
            retryAfterMilliseconds: 60_000,
            text: "use the same Kennel"
        )
        #expect(bench.receive(refusal) == [.exit(code: 78, reason: "use the same Kennel")])
    }

    @Test("a fenced worker ends at once, and says that it lived") mutating func fenced() {
        bench = .welcomed()
        _ = bench.assign(1)
        let reason = "a newer process has taken this worker's name"
        #expect(
            bench.receive(.fenced)
                == [.send(.bye(reason: reason)), .exit(code: 75, reason: reason)]
        )
    }
}
