import Glibc

/// The address of a Unix socket whose path fits.
struct SocketAddress {
    /// The most bytes of a path: `sun_path` has 108, the last of them a zero.
    static let longestPath = 107

    let path: String

    init(_ path: String) throws(GatewayError) {
        let byteCount = path.utf8.count
        guard (1...Self.longestPath).contains(byteCount), !path.utf8.contains(0) else {
            throw .unusablePath(path, byteCount: byteCount)
        }
        self.path = path
    }

    /// The folder that a path lies in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a socket that programs started later do not inherit.
    func makeSocket() throws(GatewayError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw .system(call: "socket", path: path, errno: errno) }
        return Descriptor(number)
    }

    /// Calls `body` with the address in the system's form, for as long as it runs.
    func withSystemForm<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
