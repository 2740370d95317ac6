import CZeroMQ

extension Socket {
    /// Messages that libzmq queues for a peer: a tripwire behind our own accounting.
    private static let highWaterMark: Int32 = 256

    /// Sets all options; they count only for what is bound or connected afterwards.
    static func configure(
        _ handle: UnsafeMutableRawPointer,
        _ role: Role,
        _ endpoint: Endpoint,
        _ lingerMilliseconds: Int32
    ) throws(WireError) {
        var options: [(Int32, Int32)] = [
            (ZMQ_LINGER, lingerMilliseconds),
            (ZMQ_SNDHWM, highWaterMark),
            (ZMQ_RCVHWM, highWaterMark),
            (ZMQ_HEARTBEAT_IVL, 5_000),
            (ZMQ_HEARTBEAT_TIMEOUT, 15_000),
            (ZMQ_HEARTBEAT_TTL, 15_000),
            // Several times there and back, over a link on which each way takes seconds.
            (ZMQ_HANDSHAKE_IVL, 15_000),
            (ZMQ_TCP_KEEPALIVE, 1),
            (ZMQ_TCP_KEEPALIVE_IDLE, 30),
            (ZMQ_TCP_KEEPALIVE_INTVL, 10),
            (ZMQ_TCP_KEEPALIVE_CNT, 3),
        ]
        if endpoint.description.contains("[") { options.append((ZMQ_IPV6, 1)) }
        switch role {
        case .router:
            options += [(ZMQ_ROUTER_MANDATORY, 1), (ZMQ_BACKLOG, 1024)]
        case .dealer:
            // Without IMMEDIATE stale heartbeats would pile up for a coordinator that is away.
            options += [
                (ZMQ_IMMEDIATE, 1), (ZMQ_RECONNECT_IVL, 250), (ZMQ_RECONNECT_IVL_MAX, 8_000),
                // The system itself would try ever more rarely, for minutes.
                (ZMQ_CONNECT_TIMEOUT, 10_000),
            ]
        }
        for (option, value) in options {
            try set(handle, option, value, endpoint)
        }
        try set(handle, ZMQ_MAXMSGSIZE, Int64(300_000), endpoint)
    }

    private static func set<Value: FixedWidthInteger>(
        _ handle: UnsafeMutableRawPointer,
        _ option: Int32,
        _ value: Value,
        _ endpoint: Endpoint
    ) throws(WireError) {
        var value = value
        guard zmq_setsockopt(handle, option, &value, MemoryLayout<Value>.size) == 0 else {
            throw .socket(
                operation: "set option \(option) of",
                endpoint: "\(endpoint)",
                reason: zmqReason()
            )
        }
    }
}
