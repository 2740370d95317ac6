import Scheduling
import Testing

@testable import Coordinator

@Suite("Results that wait for the disk") struct ResultInboxTests {
    private static let session = SessionID(high: 1, low: 2)
    private static let other = SessionID(high: 3, low: 4)
    private var inbox = ResultInbox(bytesMax: 10)

    private static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

    /// What the inbox answers to a chunk of so many bytes.
    private mutating func take(
        _ lease: UInt64,
        of session: SessionID,
        offset: UInt64 = 0,
        count: Int
    ) -> UInt64? {
        inbox.take(LeaseID(lease), of: session, offset: offset, Self.bytes(count))
    }

    @Test("of what finds no room nothing is taken, and it comes again later")
    mutating func bound() {
        let whole = take(1, of: Self.session, count: 12)
        let refused = take(2, of: Self.other, count: 3)
        #expect(whole == 12 && refused == nil && inbox.isFull)
        let committed = inbox.commit(LeaseID(1)).count
        #expect(committed == 12 && inbox.isFull, "until it is on the disk")
        inbox.written(LeaseID(1))
        #expect(inbox.bytes == 0)
        let again = take(2, of: Self.other, count: 3)
        #expect(again == 3)
    }

    @Test("the oldest that has begun goes on without room, or none would ever be complete")
    mutating func oldest() {
        _ = take(1, of: Self.session, count: 5)
        _ = take(2, of: Self.other, count: 5)
        let younger = take(2, of: Self.other, offset: 5, count: 5)
        let older = take(1, of: Self.session, offset: 5, count: 5)
        #expect(younger == nil && older == 10)
        #expect(inbox.result(LeaseID(1), of: Self.session).count == 10)
    }

    @Test("what has come from a session that has ended takes no room")
    mutating func endedSession() {
        _ = take(1, of: Self.session, count: 5)
        _ = take(2, of: Self.other, count: 5)
        inbox.forget(of: [Self.session])
        #expect(inbox.bytes == 5 && inbox.count == 1)
        let next = take(2, of: Self.other, offset: 5, count: 5)
        #expect(next == 10)
    }

    @Test("bytes of two processes never mix") mutating func twoSessions() {
        _ = take(1, of: Self.session, count: 3)
        let next = take(1, of: Self.other, offset: 3, count: 3)
        #expect(next == 0)
        #expect(inbox.result(LeaseID(1), of: Self.session).isEmpty)
        #expect(inbox.bytes == 0)
    }
}
