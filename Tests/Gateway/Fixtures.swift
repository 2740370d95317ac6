import Gateway
import Glibc
import Synchronization
import Testing

/// A folder of its own for one test, removed with all that is in it.
final class Folder {
    let path: String
    var socket: String { path + "/control.sock" }

    init() throws {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/kennel-XXXXXX".utf8CString)
        let made = mkdtemp(&template).map { String(cString: $0) }
        path = try #require(made)
    }

    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(path)/\(name)")
        }
        closedir(folder)
        rmdir(path)
    }

    /// The permission bits of a file here, or nil if there is none.
    func mode(of file: String) -> mode_t? {
        var found = stat()
        return lstat(file, &found) == 0 ? found.st_mode & 0o7777 : nil
    }
}

/// A plain Unix socket, to say what no HTTP client says.
final class RawSocket {
    let descriptor: Int32

    init() throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        // Bounds the test: a read or write that waits longer fails.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    deinit { close(descriptor) }

    func connect(to path: String) -> Bool { at(path) { Glibc.connect(descriptor, $0, $1) == 0 } }

    func bind(to path: String) -> Bool { at(path) { Glibc.bind(descriptor, $0, $1) == 0 } }

    /// Sends all it can, ends the sending side and returns what comes back until the end.
    func exchange(_ bytes: [UInt8]) -> String {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { piece in
                send(descriptor, piece.baseAddress, piece.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { break }
            sent += count
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 {
            answer += piece.prefix(count)
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func at<Result>(
        _ path: String,
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

/// Runs `body` on `count` threads of their own at once, and waits for all of them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let threads = (0..<count).map { index in
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work { body(index) })
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            work.toOpaque()
        )
        precondition(code == 0, "no thread could be made: error \(code)")
        return thread
    }
    for thread in threads { pthread_join(thread, nil) }
}

/// What the echo route found in its request.
struct Echo: Codable, Equatable {
    var method: String
    var path: String
    var query: [String: String]
    var byteCount: Int
    var part: String
}

extension Router {
    /// Routes that show what a handler was given.
    static var echo: Router {
        var router = Router()
        for method in ["GET", "POST", "DELETE"] {
            router.add(method, "/echo/:part") { request, parameters in
                .json(
                    Echo(
                        method: request.method,
                        path: request.path,
                        query: request.query,
                        byteCount: request.body.count,
                        part: parameters["part"]
                    )
                )
            }
        }
        router.add("POST", "/mirror") { request, _ in
            HTTPResponse(body: request.body, contentType: "application/octet-stream")
        }
        router.add("GET", "/refused") { _, _ throws(GatewayError) in
            throw .problem(status: 409, code: "busy", message: "the job is paused: resume it")
        }
        return router
    }
}
