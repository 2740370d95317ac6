import Gateway
import Testing

@Suite("Malformed requests", .serialized, .timeLimit(.minutes(10)))
struct MalformedRequestTests {
    /// What is wrong with a request, and the request.
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        /// What the answer begins with; nothing where the connection just ends.
        let answer: String
        var testDescription: String { name }

        init(_ name: String, _ request: String, _ answer: String) {
            self.name = name
            self.request = request
            self.answer = answer
        }
    }

    static let long = String(repeating: "a", count: 100_000)
    static let post = "POST /mirror HTTP/1.1\r\nHost: a\r\n"
    static let faults = [
        Fault("nothing", "", ""),
        Fault("half a method", "GE", ""),
        Fault("half a line", "GET /echo/a", ""),
        Fault("half a body", post + "Content-Length: 9\r\n\r\nshort", ""),
        Fault("bytes of no meaning", "\u{0}\u{1}\u{2}\r\n\r\n", ""),
        Fault("an unknown version", "GET /echo/a HTTP/9.9\r\n\r\n", "HTTP/1.1 505"),
        Fault("no host", "GET /echo/a HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
        Fault("bad digits", "GET /echo/%zz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400"),
        Fault("no UTF-8", "GET /echo/%ff HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400"),
        Fault("a bad query", "GET /echo/a?%=1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400"),
        Fault("a negative length", post + "Content-Length: -1\r\n\r\n", "HTTP/1.1 400"),
        Fault("a vast length", post + "Content-Length: \(long)\r\n\r\n", "HTTP/1.1 4"),
        Fault("bad chunks", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 400"),
        Fault("a long path", "GET /echo/\(long) HTTP/1.1\r\n\r\n", "HTTP/1.1 414"),
        Fault("a long header", "GET /echo/a HTTP/1.1\r\nX: \(long)\r\n\r\n", "HTTP/1.1 431"),
    ]

    @Test("a malformed request is refused, and the server goes on", arguments: faults)
    func refused(fault: Fault) throws {
        let folder = try Folder()
        var limits = ControlServer.Limits()
        limits.idleSeconds = 1
        let server = try ControlServer(
            socketPath: folder.socket,
            router: .echo,
            limits: limits
        )
        defer { server.stop() }
        let socket = try RawSocket()
        try #require(socket.connect(to: folder.socket))
        let answer = socket.exchange(Array(fault.request.utf8))
        #expect(fault.answer.isEmpty ? answer.isEmpty : answer.hasPrefix(fault.answer))
        #expect(try ControlClient(socketPath: folder.socket).get("/echo/a").status == 200)
    }
}
