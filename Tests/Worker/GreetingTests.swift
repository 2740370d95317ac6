import Testing
import Wire

@testable import Worker

@Suite("A worker's greeting") struct GreetingTests {
    var bench = SessionBench()

    @Test("a worker greets at once, and says what it is and that it holds nothing")
    mutating func first() {
        let greetings = bench.start().greetings
        #expect(greetings == [bench.session.identity])
        #expect(greetings.first?.held.isEmpty == true)
    }

    @Test("a greeting without an answer is repeated ever later, and nothing else is said")
    mutating func repetition() {
        _ = bench.start()
        var pauses: [Int] = []
        while pauses.count < 12 {
            var pause = 0
            var actions: [WorkerSession.Action] = []
            while actions.isEmpty {
                actions = bench.pass(1)
                pause += 1
            }
            #expect(actions.filter { $0 != .reconnect } == [.send(.hello(bench.session.identity))])
            pauses.append(pause)
        }
        for (number, pause) in pauses.enumerated() {
            let middle = min(Greeter.intervalMax, Greeter.intervalMin << number)
            #expect((middle / 2...middle * 3 / 2).contains(pause), "\(number): \(pause)")
        }
    }

    @Test("no two workers greet at the same times")
    func chance() {
        var dues: Set<[Int]> = []
        for number in 0..<100 {
            var greeter = Greeter(name: "host/\(number)", now: 0)
            greeter.greeted(now: 0)
            var times: [Int] = []
            for time in 1...10_000 {
                if case .greet = greeter.step(now: time) { times.append(time) }
            }
            #expect((4...6).contains(times.count))
            dues.insert(times)
        }
        #expect(dues.count == 100)
    }

    @Test("a worker that has heard of no coordinator for a day ends with 75")
    mutating func orphan() {
        bench = .welcomed()
        for _ in 0..<24 * 60 {
            let isEnd = bench.pass(60_000).contains { if case .exit = $0 { true } else { false } }
            #expect(!isEnd)
        }
        #expect(
            bench.pass(1_000)
                == [.exit(code: 75, reason: "no coordinator has said a word for a day")]
        )
    }

    @Test("a greeting that could not be queued is repeated as soon as time passes")
    mutating func notQueued() {
        for message in bench.start().messages { bench.session.notQueued(message) }
        #expect(bench.pass(10).greetings.count == 1)
        #expect(bench.pass(10).isEmpty)
    }

    @Test("a welcome is answered with credit for one shard to compute and one to wait")
    mutating func welcome() {
        _ = bench.start()
        #expect(bench.welcome() == [.send(.credit(total: 2))])
        #expect(bench.session.isWelcome)
        #expect(bench.pass(1_999).isEmpty)
        let beats = bench.pass(1).heartbeats
        #expect(beats == [Heartbeat(isDraining: false, residentMiB: 0, held: [])])
    }

    @Test("a welcome sets the pause between heartbeats, which is never nearly none")
    mutating func heartbeatInterval() {
        _ = bench.start()
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
        #expect(!bench.pass(15_000).contains(.reconnect))
        var last = bench.now
        for _ in 0..<9 {
            var actions = bench.pass(1)
            // Greetings in between go over the same socket.
            while actions.first != .reconnect { actions = bench.pass(1) }
            #expect(actions.greetings.count == 1)
            #expect(!bench.session.isWelcome)
            let pause = bench.now - last
            #expect(pause == 1 || (30_001...30_000 + 24_000).contains(pause), "\(pause)")
            last = bench.now
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
        _ = bench.start()
        let refusal = CoordinatorMessage.refuse(.full, retryAfterMilliseconds: 30_000, text: "full")
        #expect(bench.receive(refusal).isEmpty)
        for _ in 0..<29 { #expect(bench.pass(1_000).isEmpty) }
        #expect(bench.pass(1_000).greetings.count == 1)
    }

    @Test("a worker that is refused for a minute or more ends with the reason")
    mutating func refusal() {
        _ = bench.start()
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
