import Wire

@testable import Worker

/// Waits for what a worker's threads tell, as the loop that owns the socket does.
final class MailboxNews {
    private let mailbox: Mailbox<WorkerEvent>
    private let context: Context
    /// The mailbox waits beside a socket; nobody answers at this one.
    private let socket: Socket
    private var events: ArraySlice<WorkerEvent> = []

    init(_ mailbox: Mailbox<WorkerEvent>) throws {
        self.mailbox = mailbox
        context = try Context()
        socket = try Socket(
            .dealer,
            Endpoint.connecting("tcp://127.0.0.1:9"),
            context: context,
            lingerMilliseconds: 0
        )
    }

    /// The next event, once there is one.
    func next() throws -> WorkerEvent {
        while events.isEmpty {
            try mailbox.wait(with: socket, milliseconds: 1_000)
            events = mailbox.take()[...]
        }
        return events.removeFirst()
    }

    /// The leases of the ends that come, until there are so many; a failed shard's are negative.
    func ends(_ count: Int) throws -> [Int] {
        var ends: [Int] = []
        while ends.count < count {
            switch try next() {
            case .computed(let lease, _): ends.append(Int(lease))
            case .failed(let lease, _, _): ends.append(-Int(lease))
            case .progressed, .drain: break
            }
        }
        return ends
    }
}
