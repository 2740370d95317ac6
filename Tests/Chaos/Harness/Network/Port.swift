import Glibc
import Platform

/// A port that no other test takes while its owner lives, below those that the system gives out.
///
/// It is bound and nobody listens: who asks to share it, as a coordinator does, may listen there.
final class Port {
    let number: Int
    private let socket: Int32

    init() throws {
        for _ in 0..<1_000 {
            let number = 20_000 + Int(Entropy.bits() % 12_000)
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard socket >= 0 else { throw SystemCallError("make", "a socket") }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            // Bound before it may be shared: then it is the only one.
            if Self.bind(socket, number) {
                TCPSocket.set(socket, SOL_SOCKET, SO_REUSEADDR, Int32(1))
                self.number = number
                self.socket = socket
                return
            }
            close(socket)
        }
        throw ChaosFailure("no port of a thousand is free")
    }

    deinit { close(socket) }

    private static func bind(_ socket: Int32, _ port: Int) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, size) == 0
            }
        }
    }
}
