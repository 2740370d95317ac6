import CZeroMQ
import Platform
import Testing

@testable import Wire

/// A router and a dealer that have found each other; for one thread.
struct SocketPair: ~Copyable {
    /// How long anything may take, nanoseconds.
    static let patience: UInt64 = 10_000_000_000
    let context: Context
    let router: Socket
    let dealer: Socket
    /// How the router calls the dealer.
    let peer: [UInt8]

    init() throws {
        let context = try Context()
        let router = try Socket(
            .router,
            Endpoint.listening("tcp://127.0.0.1:*"),
            context: context,
            lingerMilliseconds: 0
        )
        let dealer = try Socket(
            .dealer,
            Endpoint.connecting(router.lastEndpoint()),
            context: context,
            lingerMilliseconds: 0
        )
        try Self.sendPatiently(Frames(header: [1], payload: [2]), on: dealer)
        let received = try Self.next(on: router)
        guard case .message(let peer, _) = received else {
            throw WireError.badValue(field: "first", expected: "a message", got: "\(received)")
        }
        self.context = context
        self.router = router
        self.dealer = dealer
        self.peer = peer
    }

    /// Sends as soon as there is a connection.
    static func sendPatiently(_ frames: Frames, on dealer: borrowing Socket) throws {
        let pause = Mailbox<Int>()
        let deadline = MonotonicClock.nanoseconds() + patience
        while try dealer.send(frames) != .queued {
            try #require(MonotonicClock.nanoseconds() < deadline, "no connection came up")
            try pause.wait(with: dealer, milliseconds: 5)
        }
    }

    /// The next thing that arrives; fails where nothing does for ten seconds.
    static func next(on socket: borrowing Socket) throws -> Socket.Received {
        let pause = Mailbox<Int>()
        let deadline = MonotonicClock.nanoseconds() + patience
        while MonotonicClock.nanoseconds() < deadline {
            let received = try socket.receive()
            if received != .nothing { return received }
            try pause.wait(with: socket, milliseconds: 100)
        }
        Issue.record("nothing arrived")
        return .nothing
    }

    /// Sends frames that need not be a message.
    static func sendRaw(_ frames: [[UInt8]], on socket: borrowing Socket) {
        for (index, frame) in frames.enumerated() {
            let more = index < frames.count - 1 ? ZMQ_SNDMORE : 0
            let size = frame.withUnsafeBytes {
                zmq_send(socket.handle, $0.baseAddress, $0.count, ZMQ_DONTWAIT | more)
            }
            #expect(Int(size) == frame.count)
        }
    }
}
