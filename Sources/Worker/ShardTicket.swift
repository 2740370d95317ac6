import Synchronization
import Wire

/// One shard's line to the loop that owns the socket, from its arrival to its one end.
///
/// Any thread: an end is told once, and of a shard that is not wanted any more nothing at all.
final class ShardTicket: Sendable {
    let lease: UInt64
    private let mailbox: Mailbox<WorkerEvent>
    private let ended = Atomic(false)

    init(lease: UInt64, mailbox: Mailbox<WorkerEvent>) {
        self.lease = lease
        self.mailbox = mailbox
    }

    /// Whether somebody still waits for the shard's end.
    var isOpen: Bool { !ended.load(ordering: .acquiring) }

    /// The answers are not wanted any more.
    func cancel() { ended.store(true, ordering: .releasing) }

    func progressed(records: Int, tokens: Int) {
        guard isOpen else { return }
        mailbox.post(.progressed(lease, records: records, tokens: tokens))
    }

    func computed(_ result: ShardResult) {
        if end() { mailbox.post(.computed(lease, result)) }
    }

    func failed(_ failure: FailureClass, _ text: String) {
        if end() { mailbox.post(.failed(lease, failure, text)) }
    }

    private func end() -> Bool {
        !ended.exchange(true, ordering: .acquiringAndReleasing)
    }
}

/// The tickets of all shards that have no end yet, by their leases.
final class TicketBook: Sendable {
    private let mailbox: Mailbox<WorkerEvent>
    private let book = Mutex(Book())

    private struct Book {
        var tickets: [UInt64: ShardTicket] = [:]
        /// As many as there may be before those with an end are thrown away.
        var countMax = 16
    }

    init(mailbox: Mailbox<WorkerEvent>) {
        self.mailbox = mailbox
    }

    /// Makes the ticket of a shard that has come.
    func open(_ lease: UInt64) -> ShardTicket {
        let ticket = ShardTicket(lease: lease, mailbox: mailbox)
        book.withLock { book in
            if book.tickets.count >= book.countMax {
                book.tickets = book.tickets.filter { $0.value.isOpen }
                book.countMax = max(16, 2 * book.tickets.count)
            }
            book.tickets[lease] = ticket
        }
        return ticket
    }

    /// Any thread: the shard's answers are not wanted any more.
    func cancel(_ lease: UInt64) {
        book.withLock { $0.tickets.removeValue(forKey: lease) }?.cancel()
    }
}
