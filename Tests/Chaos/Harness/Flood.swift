import Glibc
import Platform

/// Connections that say nothing, as many as are let in and more.
package final class Flood {
    private enum Target {
        case port(in_port_t)
        case socket(String)
    }

    private let target: Target
    private let most: Int
    private var open: [Int32] = []
    /// Connections that were asked for.
    package private(set) var attempts = 0

    /// A flood of the port of an endpoint as "tcp://127.0.0.1:5750".
    package init(endpoint: String, most: Int) {
        target = .port(in_port_t(endpoint.split(separator: ":").last ?? "") ?? 0)
        self.most = most
    }

    /// A flood of a Unix socket.
    package init(socket: String, most: Int) {
        target = .socket(socket)
        self.most = most
    }

    deinit { end() }

    /// Opens as many as are missing; those that were closed by the other side are opened anew.
    package func press() {
        open.removeAll { connection in
            var state = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            guard poll(&state, 1, 0) > 0 else { return false }
            close(connection)
            return true
        }
        while open.count < most, let connection = connect() { open.append(connection) }
    }

    /// Closes all.
    package func end() {
        for connection in open { close(connection) }
        open = []
    }

    private func connect() -> Int32? {
        attempts += 1
        switch target {
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            return connect(AF_INET, &address)
        case .socket(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            return connect(AF_UNIX, &address)
        }
    }

    private func connect<Address>(_ family: Int32, _ address: inout Address) -> Int32? {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let connection = socket(family, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { return nil }
        let size = socklen_t(MemoryLayout<Address>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(connection, $0, size)
            }
        }
        guard code == 0 || errno == EINPROGRESS else {
            close(connection)
            return nil
        }
        return connection
    }
}
