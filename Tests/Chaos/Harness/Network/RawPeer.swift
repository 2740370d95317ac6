import Glibc
import Platform

/// A peer that speaks ZMTP byte by byte, so that it can say what libzmq never would.
package struct RawPeer: ~Copyable {
    private let socket: TCPSocket

    /// How long the other side may take to answer or to make room.
    private static let patience = Duration.seconds(5)

    /// Connects to an endpoint; says nothing yet.
    package init(to endpoint: String) throws {
        socket = try TCPSocket.connecting(to: TCPAddress(endpoint: endpoint))
    }

    /// The 64 bytes with which a peer of ZMTP 3.0 without keys begins.
    package static let greeting: [UInt8] = {
        let mechanism = Array("NULL".utf8)
        return [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + mechanism
            + [UInt8](repeating: 0, count: 64 - 12 - mechanism.count)
    }()

    /// The command by which a peer says that it is a worker's socket.
    package static let ready: [UInt8] = {
        let properties =
            [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
            + [8] + Array("Identity".utf8) + [0, 0, 0, 0]
        let body = [5] + Array("READY".utf8) + properties
        return [4, UInt8(body.count)] + body
    }()

    /// One frame of a message.
    ///
    /// - Parameter claimed: the length that it claims to have; nil for the truth.
    package static func frame(
        _ body: [UInt8],
        more: Bool = false,
        claimed: UInt64? = nil
    ) -> [UInt8] {
        let length = claimed ?? UInt64(body.count)
        let isLong = length > 255
        let flags: UInt8 = (more ? 1 : 0) | (isLong ? 2 : 0)
        guard isLong else { return [flags, UInt8(length)] + body }
        return [flags] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) } + body
    }

    /// Makes itself known, as a worker does.
    ///
    /// - Returns: whether the other side did so, too.
    package func greet() -> Bool {
        guard send(Self.greeting), receive(count: 64) != nil, send(Self.ready),
            let head = receive(count: 2)
        else { return false }
        return receive(count: Int(head[1])) != nil
    }

    /// Sends all bytes.
    ///
    /// - Returns: whether the other side took them.
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        let end = ContinuousClock.now + Self.patience
        while !rest.isEmpty {
            guard let count = socket.send(rest), ContinuousClock.now < end else { return false }
            rest = rest.dropFirst(count)
            if count == 0 { wait(for: POLLOUT, milliseconds: 10) }
        }
        return true
    }

    /// Reads exactly so many bytes; nil where they do not come.
    package func receive(count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        let end = ContinuousClock.now + Self.patience
        while bytes.count < count, ContinuousClock.now < end {
            switch TCPSocket.receive(socket.raw, atMost: count - bytes.count) {
            case .bytes(let more): bytes += more
            case .nothing: wait(for: POLLIN, milliseconds: 10)
            case .ended, .broken: return nil
            }
        }
        return bytes.count == count ? bytes : nil
    }

    /// Waits until the other side ends the connection; what it says meanwhile is let go.
    ///
    /// - Returns: whether it did.
    package func isEnded(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        repeat {
            switch socket.receive() {
            case .bytes: continue
            case .nothing: wait(for: POLLIN, milliseconds: 10)
            case .ended, .broken: return true
            }
        } while ContinuousClock.now < end
        return false
    }

    private func wait(for events: Int32, milliseconds: Int32) {
        var item = pollfd(fd: socket.raw, events: Int16(events), revents: 0)
        poll(&item, 1, milliseconds)
    }
}
