import Gateway
import Glibc
import Synchronization
import Testing

@Suite("Control server and client", .serialized, .timeLimit(.minutes(10)))
struct ControlServerTests {
    let folder: Folder
    let client: ControlClient

    init() throws {
        folder = try Folder()
        client = ControlClient(socketPath: folder.socket, timeoutSeconds: 20)
    }

    private func serve(limits: ControlServer.Limits = .init()) throws -> ControlServer {
        try ControlServer(socketPath: folder.socket, router: .echo, limits: limits)
    }

    @Test("each method reaches its handler with path, query, parameter and body")
    func roundTrips() throws {
        let server = try serve()
        defer { server.stop() }
        let path = "/echo/a%2Fb%20%C3%A9"
        var echo = Echo(method: "GET", path: path, query: [:], byteCount: 0, part: "a/b é")
        echo.query = ["x": "1 &", "y": "", "z": "+"]
        #expect(try client.get("\(path)?x=1+%26&y&z=%2B").value(as: Echo.self) == echo)
        echo.query = [:]
        echo.method = "DELETE"
        #expect(try client.delete(path).value(as: Echo.self) == echo)
        (echo.method, echo.byteCount) = ("POST", 3)
        #expect(try client.post(path, body: [0, 1, 255]).value(as: Echo.self) == echo)
        echo.byteCount = 0
        #expect(try client.post(path).value(as: Echo.self) == echo)
    }

    @Test(
        "bytes and media type come back as they are, up to the limit",
        arguments: [0, 1, 1 << 20]
    )
    func bodies(count: Int) throws {
        let server = try serve()
        defer { server.stop() }
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let answer = try client.post("/mirror", body: body)
        #expect(answer.status == 200)
        #expect(answer.contentType == "application/octet-stream")
        #expect(answer.body == body)
    }

    @Test("a body beyond the limit is refused with a sentence, whether announced or not")
    func largeBodies() throws {
        var limits = ControlServer.Limits()
        let standard = try serve()
        // More than a mebibyte: libcurl waits to be told, and sends nothing.
        let waiting = try client.post("/mirror", body: [UInt8](repeating: 1, count: 20 << 20))
        #expect(waiting.status == 413)
        standard.stop()

        limits.bodyByteCount = 1000
        let server = try serve(limits: limits)
        defer { server.stop() }
        let refusal = GatewayError.problem(
            status: 413,
            code: "body_too_large",
            message: "the request's body has more than the 1000 bytes that are taken"
        )
        let large = [UInt8](repeating: 1, count: 1 << 20)
        #expect(throws: refusal) { try client.post("/mirror", body: large).check() }
        #expect(throws: refusal) { try client.post("/mirror", body: Array(large[..<1001])).check() }
        #expect(try client.post("/mirror", body: Array(large[..<1000])).body.count == 1000)

        let chunk = "100\r\n" + String(repeating: "a", count: 256) + "\r\n"
        let head = "POST /mirror HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let socket = try RawSocket()
        try #require(socket.connect(to: folder.socket))
        let chunks = String(repeating: chunk, count: 4)
        #expect(socket.exchange(Array("\(head)\(chunks)0\r\n\r\n".utf8)).contains("413"))
    }

    @Test("an unknown path and a wrong method have answers of their own")
    func unknown() throws {
        let server = try serve()
        defer { server.stop() }
        #expect(
            throws: GatewayError.problem(
                status: 404,
                code: "not_found",
                message: "nothing is known at /nowhere"
            )
        ) { try client.get("/nowhere?x=1").check() }
        #expect(
            throws: GatewayError.problem(
                status: 405,
                code: "method_not_allowed",
                message: "/mirror takes POST, got GET"
            )
        ) { try client.get("/mirror").check() }
    }

    @Test("what a handler throws arrives at the client as the same error")
    func refusal() throws {
        let server = try serve()
        defer { server.stop() }
        let error = #expect(throws: GatewayError.self) {
            try client.get("/refused").value(as: Echo.self)
        }
        #expect(
            error
                == .problem(status: 409, code: "busy", message: "the job is paused: resume it")
        )
        #expect(error?.description == "the job is paused: resume it")
    }

    @Test("the socket is its owner's alone, and goes when the server stops")
    func files() throws {
        let inner = folder.path + "/state"
        let socket = inner + "/control.sock"
        let server = try ControlServer(socketPath: socket, router: .echo)
        #expect(folder.mode(of: inner) == 0o700)
        #expect(folder.mode(of: socket) == 0o600)
        #expect(folder.mode(of: socket + ".lock") == 0o600)
        server.stop()
        server.stop()
        #expect(folder.mode(of: socket) == nil)
        unlink(socket + ".lock")
        rmdir(inner)
    }

    @Test("a server that is let go stops")
    func letGo() throws {
        _ = try serve()
        #expect(throws: GatewayError.noCoordinator(path: folder.socket)) { try client.get("/") }
    }

    @Test("a second server is refused, and the first goes on")
    func second() throws {
        let server = try serve()
        defer { server.stop() }
        let error = #expect(throws: GatewayError.self) { try serve() }
        #expect(
            error?.description == "a coordinator already answers at \(folder.socket): stop it, "
                + "or choose another --state"
        )
        #expect(try client.get("/echo/a").status == 200)
    }

    @Test("another program's live socket or file is left alone")
    func foreign() throws {
        let listener = try RawSocket()
        try #require(listener.bind(to: folder.socket))
        try #require(listen(listener.descriptor, 1) == 0)
        #expect(throws: GatewayError.inUse(path: folder.socket)) { try serve() }
        unlink(folder.socket)

        try #require(mkfifo(folder.socket, 0o600) == 0)
        #expect(throws: GatewayError.notASocket(path: folder.socket)) { try serve() }
        #expect(folder.mode(of: folder.socket) == 0o600)
    }

    @Test("a stale socket is replaced, and a socket that took the path meanwhile is kept")
    func stale() throws {
        _ = try RawSocket().bind(to: folder.socket)
        try #require(folder.mode(of: folder.socket) != nil)
        #expect(throws: GatewayError.noCoordinator(path: folder.socket)) { try client.get("/") }
        let server = try serve()
        #expect(try client.get("/echo/a").status == 200)

        let newcomer = try RawSocket()
        let beside = folder.path + "/beside"
        try #require(newcomer.bind(to: beside))
        try #require(rename(beside, folder.socket) == 0)
        server.stop()
        #expect(folder.mode(of: folder.socket) != nil)
    }

    @Test("while another holds the lock, a socket that seems stale is left alone")
    func locked() throws {
        _ = try RawSocket().bind(to: folder.socket)
        let lock = open(folder.socket + ".lock", O_RDWR | O_CREAT, 0o600)
        try #require(lock >= 0 && flock(lock, LOCK_EX) == 0)
        #expect(throws: GatewayError.inUse(path: folder.socket)) { try serve() }
        #expect(folder.mode(of: folder.socket) != nil)
        close(lock)
        let server = try serve()
        server.stop()
    }

    @Test("a folder in which anyone may replace the socket is refused")
    func openFolder() throws {
        try #require(chmod(folder.path, 0o777) == 0)
        #expect(throws: GatewayError.openFolder(folder.path)) { try serve() }
        try #require(chmod(folder.path, 0o1777) == 0)
        let server = try serve()
        server.stop()
    }

    @Test("a path that does not fit a socket's address is refused by both sides")
    func longPath() throws {
        let fitting =
            folder.path + "/" + String(repeating: "s", count: 106 - folder.path.utf8.count)
        #expect(fitting.utf8.count == 107)
        let server = try ControlServer(socketPath: fitting, router: .echo)
        #expect(try ControlClient(socketPath: fitting).get("/echo/a").status == 200)
        server.stop()

        let long = fitting + "s"
        let sentence =
            "the socket path \(long) has 108 bytes where the system takes 1 to 107 "
            + "without a zero: choose a shorter --state"
        let refused = #expect(throws: GatewayError.self) {
            try ControlServer(socketPath: long, router: .echo)
        }
        #expect(refused?.description == sentence)
        let unasked = #expect(throws: GatewayError.self) {
            try ControlClient(socketPath: long).get("/")
        }
        #expect(unasked?.description == sentence)
    }

    @Test("where nobody listens, the sentence says what to start")
    func missing() {
        let error = #expect(throws: GatewayError.self) { try client.get("/echo/a") }
        #expect(
            error?.description == "no coordinator answers at \(folder.socket): start one with "
                + "kennel coordinator --state \(folder.path)"
        )
    }

    @Test("one who listens and does not speak HTTP is no answer")
    func silent() throws {
        let listener = try RawSocket()
        try #require(listener.bind(to: folder.socket))
        try #require(listen(listener.descriptor, 1) == 0)
        let hasty = ControlClient(socketPath: folder.socket, timeoutSeconds: 1)
        let error = #expect(throws: GatewayError.self) { try hasty.get("/") }
        #expect(error == .brokenExchange(path: folder.socket, reason: "1 seconds passed"))
    }

    @Test("many clients at once each get their own answer")
    func parallel() throws {
        let server = try serve()
        defer { server.stop() }
        let correct = Atomic(0)
        let client = client
        onThreads(8) { thread in
            for turn in 0..<25 {
                let part = "\(thread)-\(turn)"
                let echo = try? client.get("/echo/\(part)").value(as: Echo.self)
                if echo?.part == part { correct.add(1, ordering: .relaxed) }
            }
        }
        #expect(correct.load(ordering: .relaxed) == 200)
    }

    @Test("more connections than the limit wait and are served")
    func crowded() throws {
        var limits = ControlServer.Limits()
        limits.connections = 2
        let server = try serve(limits: limits)
        defer { server.stop() }
        let served = Atomic(0)
        let client = client
        onThreads(8) { _ in
            if (try? client.get("/echo/a"))?.status == 200 { served.add(1, ordering: .relaxed) }
        }
        #expect(served.load(ordering: .relaxed) == 8)
    }

    @Test("servers started at once on one path agree on a single one")
    func race() throws {
        let servers = Mutex<[ControlServer]>([])
        let refused = Atomic(0)
        let path = folder.socket
        onThreads(8) { _ in
            do throws(GatewayError) {
                let server = try ControlServer(socketPath: path, router: .echo)
                servers.withLock { $0.append(server) }
            } catch {
                if error == .inUse(path: path) { refused.add(1, ordering: .relaxed) }
            }
        }
        #expect(servers.withLock { $0.count } == 1)
        #expect(refused.load(ordering: .relaxed) == 7)
        #expect(try client.get("/echo/a").status == 200)
    }
}
