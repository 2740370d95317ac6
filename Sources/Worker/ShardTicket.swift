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
    private let tickets = Mutex<[UInt64: ShardTicket]>([:])

    init(mailbox: Mailbox<WorkerEvent>) {
        self.mailbox = mailbox
    }

    /// Makes the ticket of a shard that has come.
    func open(_ lease: UInt64) -> ShardTicket {
        let ticket = ShardTicket(lease: lease, mailbox: mailbox)
        tickets.withLock { tickets in
            tickets = tickets.filter { $0.value.isOpen }
            tickets[lease] = ticket
        }
        return ticket
    }

    /// Any thread: the shard's answers are not wanted any more.
    func cancel(_ lease: UInt64) {
        tickets.withLock { $0.removeValue(forKey: lease) }?.cancel()
    }
}
