import Testing
import Wire

@testable import Worker

@Suite("Shards given to a worker") struct AssignmentTests {
    var bench = SessionBench.welcomed()

    @Test("a shard whose input rides along is computed at once, without a second copy")
    mutating func oneMessage() {
        let assign = SessionBench.assign(7, [1, 2, 3])
        var bare = assign
        bare.bytes = []
        #expect(bench.receive(.assign(assign)) == [.compute(bare, input: [1, 2, 3])])
    }

    @Test("a shard with no input at all is computed") mutating func emptyInput() {
        #expect(bench.receive(.assign(SessionBench.assign(7, []))).computed == [7])
    }

    @Test("further parts of an input are acknowledged, and the last one starts the computing")
    mutating func chunks() {
        var actions = bench.receive(.assign(SessionBench.assign(7, [1, 2], of: 5)))
        #expect(actions.isEmpty)
        actions = bench.receive(.inputChunk(lease: 7, offset: 2, bytes: [3, 4]))
        #expect(actions == [.send(.inputAck(lease: 7, nextOffset: 4))])
        actions = bench.receive(.inputChunk(lease: 7, offset: 4, bytes: [5]))
        #expect(actions.messages == [.inputAck(lease: 7, nextOffset: 5)])
        guard case .compute(_, let input) = actions.last else {
            Issue.record("expected computing, got \(actions)")
            return
        }
        #expect(input == [1, 2, 3, 4, 5])
    }

    @Test(
        "a lost, repeated or misplaced part changes nothing and is answered with what is wanted",
        arguments: [0, 1, 3, 4, UInt64.max]
    )
    mutating func wrongChunks(offset: UInt64) {
        _ = bench.receive(.assign(SessionBench.assign(7, [1, 2], of: 4)))
        let wrong = CoordinatorMessage.inputChunk(lease: 7, offset: offset, bytes: [9, 9])
        #expect(bench.receive(wrong) == [.send(.inputAck(lease: 7, nextOffset: 2))])
        let right = bench.receive(.inputChunk(lease: 7, offset: 2, bytes: [3, 4]))
        guard case .compute(_, let input) = right.last else {
            Issue.record("expected computing, got \(right)")
            return
        }
        #expect(input == [1, 2, 3, 4])
        #expect(bench.receive(wrong).isEmpty, "it is being computed now")
    }

    @Test("an acknowledgement that could not be queued is said again")
    mutating func unsentAcknowledgement() {
        _ = bench.receive(.assign(SessionBench.assign(7, [1], of: 3)))
        let sent = bench.receive(.inputChunk(lease: 7, offset: 1, bytes: [2])).messages
        #expect(sent == [.inputAck(lease: 7, nextOffset: 2)])
        for message in sent { bench.session.notQueued(message) }
        #expect(bench.pass(200).messages == sent)
        #expect(bench.pass(200).messages.isEmpty)
    }

    @Test("a lease that is given twice is computed and counted once") mutating func twice() {
        #expect(bench.assign(7).computed == [7])
        #expect(bench.assign(7).isEmpty)
        #expect(bench.leases == [7])
        #expect(bench.compute(7).credits == [3], "one received, and two may wait")
    }

    @Test("credit is absolute: what was received, and what there is room for")
    mutating func credit() {
        #expect(bench.assign(1).credits.isEmpty)
        #expect(bench.assign(2).credits.isEmpty)
        #expect(bench.compute(1).credits == [3])
        #expect(bench.assign(3).credits.isEmpty)
        #expect(bench.session.failed(2, .engine, text: "no").credits == [4])
        #expect(bench.receive(.cancel(lease: 3)).credits == [5])
        #expect(bench.pass(200).credits.isEmpty, "what was told is not told again")
    }

    @Test("credit that could not be queued is told again") mutating func unsentCredit() {
        bench.session.notQueued(.credit(total: 2))
        #expect(bench.pass(200).credits == [2])
    }

    @Test("a worker with more slots asks for one shard more than it computes at once")
    mutating func slots() {
        bench = SessionBench(slots: 4)
        _ = bench.session.start()
        #expect(bench.welcome().credits == [5])
    }

    @Test("results that nobody acknowledges end the asking, and their acknowledgement resumes it")
    mutating func unacknowledged() {
        var told: UInt64 = 2
        var given: UInt64 = 0
        while given < told, given < 1_000 {
            given += 1
            var actions = bench.assign(given)
            actions += bench.compute(given)
            told = actions.credits.last ?? told
        }
        #expect(given == told, "no credit is left")
        #expect(bench.leases.count == 2 + WorkerSession.resultsWaitingMax)
        let credits = bench.receive(.resultAck(lease: 1, .committed)).credits
        #expect(credits == [told + 1])
    }

    @Test("leases above all credit are given back, so that a heartbeat can name what is held")
    mutating func flood() {
        for lease in 1...300 { _ = bench.assign(UInt64(lease)) }
        #expect(bench.leases.count == WireLimits.listCountMax)
        #expect(bench.assign(400).messages == [.release([400])])
        let beat = bench.pass(2_000).heartbeats.first
        #expect(beat?.held.count == WireLimits.listCountMax)
    }

    @Test("a worker of many slots asks for no more leases than it can name, and gives none back")
    func manySlots() {
        var bench = SessionBench(slots: 256)
        _ = bench.session.start()
        var told = bench.welcome().credits.last ?? 0
        #expect(told == UInt64(WireLimits.listCountMax))
        var given: UInt64 = 0
        for _ in 0..<1_000 {
            while given < told {
                given += 1
                let actions = bench.assign(given)
                #expect(actions.messages.isEmpty, "neither credit nor a lease given back")
            }
            let oldest = bench.leases[0]
            _ = bench.compute(oldest)
            told = bench.receive(.resultAck(lease: oldest, .committed)).credits.last ?? told
        }
        #expect(given == 1_000 + UInt64(WireLimits.listCountMax) - 1)
    }

    @Test("messages about leases that are not held change nothing") mutating func unknownLeases() {
        _ = bench.assign(1)
        let before = bench.session.held
        let messages: [CoordinatorMessage] = [
            .inputChunk(lease: 9, offset: 0, bytes: [1]), .chunkAck(lease: 9, nextOffset: 5),
            .resultAck(lease: 9, .committed), .resultAck(lease: 9, .resend), .cancel(lease: 9),
            .heartbeatAck(sequence: 1, cancel: [8, 9]), .chunkAck(lease: 1, nextOffset: 5),
            .resultAck(lease: 1, .resend),
        ]
        for message in messages {
            #expect(bench.receive(message).isEmpty, "\(message)")
        }
        #expect(bench.compute(9).isEmpty)
        #expect(bench.session.failed(9, .engine, text: "").isEmpty)
        bench.session.progressed(9, records: 1, tokens: 1)
        #expect(bench.session.held == before)
    }

    @Test("heartbeats tell how far each lease is") mutating func progress() {
        _ = bench.assign(1)
        bench.session.progressed(1, records: 5, tokens: 70)
        let beat = bench.pass(2_000).heartbeats.first
        #expect(beat?.held == [HeldProgress(lease: 1, records: 5, tokens: 70)])
    }

    @Test("a cancelled lease stops computing, and its late result is not sent")
    mutating func cancel() {
        _ = bench.assign(1)
        #expect(bench.receive(.cancel(lease: 1)).contains(.stopComputing(1)))
        #expect(bench.compute(1).isEmpty)
        _ = bench.assign(2)
        let actions = bench.receive(.heartbeatAck(sequence: 1, cancel: [2, 3]))
        #expect(actions.contains(.stopComputing(2)))
        #expect(!actions.contains(.stopComputing(3)))
        #expect(bench.leases.isEmpty)
    }
}
