import Testing
import Wire

@testable import Worker

@Suite("Results on their way") struct ResultTests {
    private static let chunk = SessionBench.chunk
    var bench = SessionBench.welcomed()

    @Test(
        "a result of at most one payload rides in one message",
        arguments: [0, 1, SessionBench.chunk]
    )
    mutating func oneMessage(byteCount: Int) {
        _ = bench.assign(1)
        let result = SessionBench.result(byteCount)
        let isWhole =
            bench.compute(1, byteCount).messages.first
            == SessionBench.end(1, result, bytes: result.bytes)
        #expect(isWhole)
    }

    @Test("a large result goes in chunks, never more than a window ahead, and its end comes last")
    mutating func window() {
        _ = bench.assign(1)
        let result = SessionBench.result(6 * Self.chunk + 5)
        var messages = bench.session.computed(1, result, now: bench.now).messages
        var arrived: [UInt8] = []
        var rounds = 0
        while case .resultChunk(1, let offset, let bytes)? = messages.first, rounds < 100 {
            rounds += 1
            #expect(Int(offset) == arrived.count)
            #expect(bytes.count <= Self.chunk)
            arrived += bytes
            messages.removeFirst()
            let next = CoordinatorMessage.chunkAck(lease: 1, nextOffset: UInt64(arrived.count))
            messages += bench.receive(next).messages
            let underWay = messages.reduce(0) { total, message in
                guard case .resultChunk(_, _, let bytes) = message else { return total }
                return total + bytes.count
            }
            #expect(underWay <= WireLimits.chunksInFlightMax * Self.chunk)
            messages.removeAll { if case .credit = $0 { true } else { false } }
        }
        #expect(rounds == 7)
        #expect(arrived == result.bytes)
        #expect(messages == [SessionBench.end(1, result, bytes: [])])
    }

    @Test("an acknowledgement that is old, or of what was never sent, opens no window")
    mutating func falseAcknowledgement() {
        _ = bench.assign(1)
        let first = bench.compute(1, 20 * Self.chunk).chunks
        #expect(first == (0..<4).map { $0 * Self.chunk })
        let two = CoordinatorMessage.chunkAck(lease: 1, nextOffset: UInt64(2 * Self.chunk))
        #expect(bench.receive(two).chunks == [4, 5].map { $0 * Self.chunk })
        #expect(bench.receive(two).isEmpty)
        #expect(bench.receive(.chunkAck(lease: 1, nextOffset: 0)).isEmpty)
        let all = bench.receive(.chunkAck(lease: 1, nextOffset: .max)).chunks
        #expect(all == (6..<10).map { $0 * Self.chunk }, "as if all that was sent had arrived")
    }

    @Test("a result is repeated with doubling pauses until it is acknowledged")
    mutating func repetition() {
        _ = bench.assign(1)
        let sent = bench.compute(1).messages.first
        var pauses: [Int] = []
        var waited = 0
        while pauses.count < 6, waited < 1_000 {
            waited += 1
            _ = bench.receive(.heartbeatAck(sequence: 0, cancel: []))
            let messages = bench.pass(1_000).messages
            if messages.contains(where: { $0 == sent }) {
                pauses.append(waited)
                waited = 0
            }
        }
        #expect(pauses == [5, 10, 20, 40, 60, 60])
        _ = bench.receive(.resultAck(lease: 1, .committed))
        #expect(bench.leases.isEmpty)
        for _ in 0..<100 {
            _ = bench.receive(.heartbeatAck(sequence: 0, cancel: []))
            let messages = bench.pass(1_000).messages
            #expect(!messages.contains { $0 == sent })
        }
    }

    @Test("a large result that gets on is not begun anew, one that stands still is")
    mutating func progress() {
        _ = bench.assign(1)
        _ = bench.compute(1, 20 * Self.chunk)
        for number in 1...5 {
            bench.now += 4_000
            let next = UInt64(number * Self.chunk)
            let chunks = bench.receive(.chunkAck(lease: 1, nextOffset: next)).chunks
            #expect(chunks == [(number + 3) * Self.chunk])
            #expect(bench.pass(0).chunks.isEmpty)
        }
        _ = bench.pass(4_999)
        #expect(bench.pass(1).chunks == (0..<4).map { $0 * Self.chunk })
    }

    @Test(
        "every final outcome lets the worker forget the result",
        arguments: [CoordinatorMessage.Outcome.committed, .alreadyCommitted, .rejected]
    )
    mutating func outcomes(outcome: CoordinatorMessage.Outcome) {
        _ = bench.assign(1)
        _ = bench.compute(1)
        _ = bench.receive(.resultAck(lease: 1, outcome))
        #expect(bench.leases.isEmpty)
    }

    @Test("a result that arrived damaged is sent again from its beginning")
    mutating func resend() {
        _ = bench.assign(1)
        _ = bench.compute(1, 6 * Self.chunk)
        _ = bench.receive(.chunkAck(lease: 1, nextOffset: UInt64(3 * Self.chunk)))
        let again = bench.receive(.resultAck(lease: 1, .resend))
        #expect(again.chunks == (0..<4).map { $0 * Self.chunk })
        #expect(bench.leases == [1])
    }

    @Test("a welcome has every waiting result sent again") mutating func welcome() {
        for lease in [1, 2] as [UInt64] {
            _ = bench.assign(lease)
            _ = bench.compute(lease, 2 * Self.chunk)
        }
        _ = bench.receive(.resync)
        let actions = bench.welcome(keep: [1, 2])
        #expect(actions.chunks == [0, Self.chunk, 0, Self.chunk])
        let ends = actions.messages.filter { if case .resultEnd = $0 { true } else { false } }
        #expect(ends.count == 2)
    }

    @Test("answers above the limit fail the shard, with a sentence that says what to do")
    mutating func tooLarge() {
        _ = bench.assign(1)
        let result = ShardResult(
            bytes: [UInt8](repeating: 1, count: WireLimits.resultBytesMax + 1),
            records: 1,
            failedRecords: 0,
            tokens: 1,
            digestHigh: 0,
            digestLow: 0
        )
        let messages = bench.session.computed(1, result, now: bench.now).messages
        guard case .fail(1, .engine, -1, let text)? = messages.first else {
            Issue.record("a result was sent that no coordinator takes")
            return
        }
        #expect(text.contains("--top-labels"))
        #expect(bench.leases.isEmpty)
    }

    @Test("a transfer tells nothing twice while nothing happens") func transferAlone() {
        let result = SessionBench.result(3 * Self.chunk)
        var transfer = ResultTransfer(now: 0)
        let messages = transfer.start(result, 1)
        #expect(messages.count == 4)
        #expect(messages.last == SessionBench.end(1, result, bytes: []))
        #expect(transfer.repeatIfDue(result, 1, now: 4_999).isEmpty)
        let acknowledged = transfer.acknowledge(
            UInt64(result.bytes.count),
            result,
            1,
            now: 4_999
        )
        #expect(acknowledged.isEmpty)
        #expect(transfer.repeatIfDue(result, 1, now: 9_998).isEmpty)
        #expect(transfer.repeatIfDue(result, 1, now: 9_999) == messages)
        #expect(transfer.repeatIfDue(result, 1, now: 9_999).isEmpty)
    }
}
