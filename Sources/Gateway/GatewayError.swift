import Glibc

/// What goes wrong between a control client and its server; the description is one sentence.
package enum GatewayError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A request was refused: thrown by handlers, sent as JSON, thrown again at the client.
    ///
    /// `code` is stable and meant for programs, `message` is the sentence.
    case problem(status: Int, code: String, message: String)
    /// The path does not fit a Unix socket's address, or holds a zero byte.
    case unusablePath(String, byteCount: Int)
    /// A server answers at the path, or one is about to.
    case inUse(path: String)
    /// Something else than a socket lies at the path; it is left alone.
    case notASocket(path: String)
    /// Anyone may replace files in the socket's folder.
    case openFolder(String)
    /// Nobody listens at the path.
    case noCoordinator(path: String)
    /// Somebody listens, and the exchange failed.
    case brokenExchange(path: String, reason: String)
    /// An answer is not what the client understands.
    case badAnswer(status: Int, reason: String)
    /// A call to the system failed.
    case system(call: String, path: String, errno: Int32)

    /// One sentence: what is wrong, where, and what to do.
    package var description: String {
        switch self {
        case .problem(_, _, let message):
            message
        case .unusablePath(let path, let byteCount):
            "the socket path \(path) has \(byteCount) bytes where the system takes 1 to "
                + "\(SocketAddress.longestPath) without a zero: choose a shorter --state"
        case .inUse(let path):
            "a coordinator already answers at \(path): stop it, or choose another --state"
        case .notASocket(let path):
            "\(path) is not a socket: move it away, or choose another --state"
        case .openFolder(let folder):
            "anyone may replace the control socket in \(folder): run chmod o-w on it, "
                + "or choose another --state"
        case .noCoordinator(let path):
            "no coordinator answers at \(path): start one with "
                + "kennel coordinator --state \(SocketAddress.folder(of: path))"
        case .brokenExchange(let path, let reason):
            "the coordinator at \(path) did not answer: \(reason)"
        case .badAnswer(let status, let reason):
            "the coordinator's answer, of status \(status), is not understood: \(reason)"
        case .system(let call, let path, let errno):
            "\(call) failed for \(path): \(String(cString: strerror(errno)))"
        }
    }
}
