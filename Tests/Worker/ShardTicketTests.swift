import Testing
import Wire

@testable import Worker

@Suite("What is told of a shard") struct ShardTicketTests {
    private let mailbox = Mailbox<WorkerEvent>()
    private let result = ShardResult(
        bytes: [],
        records: 0,
        failedRecords: 0,
        tokens: 0,
        digestHigh: 0,
        digestLow: 0
    )

    @Test("an end is told once, and nothing behind it")
    func once() {
        let ticket = ShardTicket(lease: 1, mailbox: mailbox)
        ticket.progressed(records: 1, tokens: 2)
        ticket.failed(.engine, "a reason")
        ticket.computed(result)
        ticket.progressed(records: 2, tokens: 4)
        #expect(!ticket.isOpen)
        #expect(mailbox.take().count == 2)
    }

    @Test("of a shard that is cancelled nothing is told, and of the others all")
    func cancelled() {
        let book = TicketBook(mailbox: mailbox)
        let (first, second) = (book.open(1), book.open(2))
        book.cancel(1)
        book.cancel(7)
        for ticket in [first, second] {
            ticket.progressed(records: 1, tokens: 2)
            ticket.computed(result)
        }
        book.cancel(2)
        let leases = mailbox.take().map { event -> UInt64 in
            switch event {
            case .progressed(let lease, _, _), .computed(let lease, _): lease
            case .failed(let lease, _, _): 100 + lease
            case .drain: 0
            }
        }
        #expect(leases == [2, 2])
    }
}

@Suite("How busy an engine was") struct BusyShareTests {
    @Test("threads work from the first shard to the last, but for what they wait and rest")
    func share() throws {
        var share = BusyShare()
        #expect(share.share == nil && share.sentence == nil)
        var stint = BusyStint(at: 1_000_000_000, threads: 2)
        stint.waited(from: 1_500_000_000, to: 2_000_000_000)
        stint.left(at: 2_000_000_000)
        stint.left(at: 3_000_000_000)
        share.add(stint)
        #expect(try #require(share.share) == 2.5 / 4)
        // Two seconds of rest, and one of work on one thread alone.
        stint = BusyStint(at: 5_000_000_000, threads: 2)
        stint.left(at: 5_000_000_000)
        stint.left(at: 6_000_000_000)
        share.add(stint)
        #expect(try #require(share.share) == 3.5 / 10)
        #expect(
            share.sentence
                == "the engine was busy 35.0 % of the 5.0 s from its first shard to its last"
        )
    }
}
