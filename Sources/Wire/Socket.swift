import CZeroMQ
import Glibc

/// A libzmq socket, for the thread that made it and no other.
package struct Socket: ~Copyable {
    /// Which end of the job plane this is.
    package enum Role: Sendable {
        /// The coordinator's: listens, and speaks to peers by their routing ids.
        case router
        /// A worker's: connects to one coordinator.
        case dealer
    }

    /// What became of a message to be sent.
    ///
    /// Sent means queued, never delivered.
    package enum SendOutcome: Equatable, Sendable {
        /// libzmq has taken it; the peer may still never see it.
        case queued
        /// The peer's queue is full.
        case full
        /// There is no such peer any more.
        case unreachable
    }

    /// What was received.
    package enum Received: Equatable, Sendable {
        /// Nothing is there now.
        case nothing
        /// A message; `peer` is empty on a dealer.
        case message(peer: [UInt8], Frames)
        /// A peer sent something that is no message.
        case malformed(peer: [UInt8], WireError)
    }

    let handle: UnsafeMutableRawPointer
    private let context: Context
    private let role: Role
    private let endpoint: Endpoint

    /// Makes a socket and binds (router) or connects (dealer) it.
    ///
    /// - Parameter lingerMilliseconds: how long unsent messages hold up the context's end.
    package init(
        _ role: Role,
        _ endpoint: Endpoint,
        context: Context,
        lingerMilliseconds: Int32
    ) throws(WireError) {
        let type = role == .router ? ZMQ_ROUTER : ZMQ_DEALER
        guard let handle = zmq_socket(context.handle, type) else {
            throw .socket(
                operation: "make a socket for",
                endpoint: "\(endpoint)",
                reason: zmqReason()
            )
        }
        do throws(WireError) {
            try Self.configure(handle, role, endpoint, lingerMilliseconds)
            let status =
                role == .router
                ? zmq_bind(handle, endpoint.description)
                : zmq_connect(handle, endpoint.description)
            guard status == 0 else {
                throw .socket(
                    operation: role == .router ? "listen on" : "connect to",
                    endpoint: "\(endpoint)",
                    reason: zmqReason()
                )
            }
        } catch {
            zmq_close(handle)
            throw error
        }
        self.handle = handle
        self.context = context
        self.role = role
        self.endpoint = endpoint
    }

    deinit {
        zmq_close(handle)
    }

    /// The endpoint with its real port.
    package func lastEndpoint() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        var size = buffer.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else {
            return "\(endpoint)"
        }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Queues both frames of a message in one step, or neither; never blocks.
    package borrowing func send(
        _ frames: Frames,
        to peer: [UInt8] = []
    ) throws(WireError) -> SendOutcome {
        precondition(peer.isEmpty == (role == .dealer), "only a router names its peer")
        if role == .router {
            let outcome = try send(peer, more: true)
            guard outcome == .queued else { return outcome }
        }
        let outcome = try send(frames.header, more: true)
        guard outcome == .queued else { return outcome }
        // After its first part libzmq takes the rest of a message without asking for room.
        return try send(frames.payload, more: false)
    }

    /// Takes the next message, whole, if one is there; never blocks.
    package borrowing func receive() throws(WireError) -> Received {
        var parts: [[UInt8]] = []
        var partCount = 0
        var hasMore = true
        while hasMore {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            let flags = parts.isEmpty && partCount == 0 ? ZMQ_DONTWAIT : 0
            let size = zmq_msg_recv(&message, handle, flags)
            if size < 0 {
                let code = zmq_errno()
                if code == EINTR { continue }
                if code == EAGAIN { return .nothing }
                throw .socket(operation: "receive on", endpoint: "\(endpoint)", reason: zmqReason())
            }
            hasMore = zmq_msg_more(&message) != 0
            partCount += 1
            // Parts beyond those of a message are counted and let go.
            if parts.count < 4 {
                let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: Int(size))
                parts.append([UInt8](bytes))
            }
        }
        let peer = role == .router ? parts.removeFirst() : []
        let frameCount = role == .router ? partCount - 1 : partCount
        guard frameCount == 2, parts.count == 2 else {
            return .malformed(peer: peer, .frameCount(got: frameCount))
        }
        return .message(peer: peer, Frames(header: parts[0], payload: parts[1]))
    }

    private borrowing func send(
        _ bytes: [UInt8],
        more: Bool
    ) throws(WireError) -> SendOutcome {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while true {
            let status = bytes.withUnsafeBytes { zmq_send(handle, $0.baseAddress, $0.count, flags) }
            if status >= 0 { return .queued }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return .full
            case EHOSTUNREACH: return .unreachable
            default:
                throw .socket(operation: "send on", endpoint: "\(endpoint)", reason: zmqReason())
            }
        }
    }
}
