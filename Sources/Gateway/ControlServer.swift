import CMicroHTTPD
import Glibc
import Synchronization

/// Serves a router over HTTP/1.1 on a Unix socket that only its owner may open.
///
/// One thread of libmicrohttpd's does everything, so handlers run one at a time. Stopping waits for
/// the handler at work; it must not be called by a handler.
package final class ControlServer: Sendable {
    /// What a client may ask of the server at most.
    package struct Limits: Sendable, Equatable {
        /// The bytes of a request's body; a longer one is refused with status 413.
        package var bodyByteCount = 16 << 20
        /// The bytes of a request's line and headers together.
        package var headerByteCount = 16 << 10
        /// The connections at a time; more of them wait.
        package var connections = 64
        /// The seconds after which a connection is closed on which nothing moves.
        package var idleSeconds = 30

        /// Makes the standard limits.
        package init() {}
    }

    private let daemon: Mutex<Daemon?>

    /// Starts to listen; removes a socket left by a server that died, and refuses one that lives.
    ///
    /// A missing folder is made with mode 0700.
    package init(
        socketPath: String,
        router: Router,
        limits: Limits = Limits()
    ) throws(GatewayError) {
        daemon = Mutex(try Daemon(socketPath: socketPath, router: router, limits: limits))
    }

    /// Stops listening, ends all connections and removes the socket; a second call does nothing.
    package func stop() {
        daemon.withLock { $0 = nil }
    }
}

/// Owns a running libmicrohttpd daemon, the place where it listens and what it serves.
private struct Daemon: ~Copyable {
    private let handle: OpaquePointer
    private let endpoint: ControlEndpoint
    /// The daemon's thread borrows it until the daemon has stopped.
    private let service: Service

    init(socketPath: String, router: Router, limits: ControlServer.Limits) throws(GatewayError) {
        let endpoint = try ControlEndpoint(path: socketPath)
        let service = Service(router: router, bodyLimit: limits.bodyByteCount)
        let settings = kennel_mhd_settings(
            connections: UInt32(limits.connections),
            timeout_seconds: UInt32(limits.idleSeconds),
            header_bytes: limits.headerByteCount
        )
        let handle = kennel_mhd_start(
            endpoint.listening,
            settings,
            Service.begin,
            Service.handle,
            Service.end,
            Unmanaged.passUnretained(service).toOpaque()
        )
        guard let handle else {
            // The descriptor stays open: some of the daemon's failures close it and some do not,
            // and to close it twice could hit a file of someone else's.
            throw .system(call: "MHD_start_daemon", path: socketPath, errno: errno)
        }
        self.handle = handle
        self.endpoint = endpoint
        self.service = service
    }

    deinit { MHD_stop_daemon(handle) }
}
