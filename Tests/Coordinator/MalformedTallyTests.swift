import Scheduling
import Testing

@testable import Coordinator

@Suite("Peers that send what cannot be read")
struct MalformedTallyTests {
    private func time(_ seconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds) * 1_000_000_000)
    }

    @Test("after twenty within a minute a peer is ignored for ten minutes, and no other is")
    func ignored() {
        var tally = MalformedTally()
        for second in 1...19 { tally.add([1], now: time(second)) }
        #expect(!tally.isIgnored([1], now: time(20)))
        tally.add([1], now: time(20))
        #expect(tally.isIgnored([1], now: time(20)) && !tally.isIgnored([2], now: time(20)))
        #expect(tally.isIgnored([1], now: time(619)))
        #expect(!tally.isIgnored([1], now: time(620)))
        #expect(tally.count == 20)
        tally.add([1], now: time(620))
        #expect(!tally.isIgnored([1], now: time(621)), "it begins anew")
    }

    @Test("who errs now and then is listened to")
    func seldom() {
        var tally = MalformedTally()
        for number in 1...100 { tally.add([1], now: time(4 * number)) }
        #expect(!tally.isIgnored([1], now: time(401)) && tally.count == 100)
    }

    @Test("any number of peers takes bounded memory, and the latest are known")
    func bounded() {
        var tally = MalformedTally()
        for number in 0..<5_000 {
            for _ in 0..<20 { tally.add([UInt8(number >> 8), UInt8(number & 255)], now: time(1)) }
            #expect(tally.peersKnown <= MalformedTally.peersMax)
        }
        #expect(tally.count == 100_000)
        #expect(tally.isIgnored([UInt8(4_999 >> 8), UInt8(4_999 & 255)], now: time(2)))
    }
}
