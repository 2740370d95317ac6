import Scheduling
import Testing
import Wire

@testable import Coordinator

@Suite("Inputs and results in chunks") struct TransferTests {
    private static let chunk = WireLimits.payloadBytesMax
    private static let session = SessionID(high: 1, low: 2)

    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 / 5) }
    }

    @Test(
        "an input arrives whole, never more than a window ahead of its acknowledgements",
        arguments: [0, 1, chunk, chunk + 1, 9 * chunk, 9 * chunk - 1]
    )
    func outgoing(byteCount: Int) {
        let bytes = Self.bytes(byteCount)
        var input = OutgoingInput(session: Self.session, bytes: bytes)
        var arrived = input.first
        #expect(arrived.count <= Self.chunk)
        var rounds = 0
        while !input.isComplete, rounds < 100 {
            rounds += 1
            while let (offset, chunk) = input.next() {
                #expect(offset == arrived.count)
                #expect(!chunk.isEmpty && chunk.count <= Self.chunk)
                arrived += chunk
            }
            #expect(arrived.count - input.acknowledged <= WireLimits.chunksInFlightMax * Self.chunk)
            input.acknowledge(UInt64(arrived.count))
        }
        #expect(arrived == bytes)
        #expect(input.next() == nil)
    }

    @Test("an acknowledgement that is old, or of what was never sent, opens no window")
    func falseAcknowledgement() {
        var input = OutgoingInput(session: Self.session, bytes: Self.bytes(20 * Self.chunk))
        while input.next() != nil {}
        #expect(input.sent == 4 * Self.chunk)
        input.acknowledge(UInt64(Self.chunk))
        #expect(input.next()?.offset == 4 * Self.chunk)
        input.acknowledge(0)
        #expect(input.next() == nil)
        input.acknowledge(.max)
        #expect(input.acknowledged == 5 * Self.chunk, "at most what was sent")
    }

    @Test("a result takes each chunk once and in order, and says what it wants next")
    func incoming() {
        var result = IncomingResult(session: Self.session)
        #expect(result.take(offset: 3, [9]) == 0, "too early")
        #expect(result.take(offset: 0, [1, 2, 3]) == 3)
        #expect(result.take(offset: 0, [7, 7, 7]) == 3, "again")
        #expect(result.take(offset: 2, [7]) == 3, "overlapping")
        #expect(result.take(offset: .max, [7]) == 3)
        #expect(result.take(offset: 3, [4]) == 4)
        #expect(result.bytes == [1, 2, 3, 4])
    }

    @Test("a result grows to its limit and no further") func limit() {
        var result = IncomingResult(session: Self.session)
        let chunk = [UInt8](repeating: 1, count: Self.chunk)
        let count = WireLimits.resultBytesMax / Self.chunk
        for number in 0..<count {
            #expect(
                result.take(offset: UInt64(number * Self.chunk), chunk)
                    == UInt64((number + 1) * Self.chunk)
            )
        }
        let most = UInt64(WireLimits.resultBytesMax)
        #expect(result.take(offset: most, [1]) == most)
        #expect(result.take(offset: most, []) == most)
    }
}
