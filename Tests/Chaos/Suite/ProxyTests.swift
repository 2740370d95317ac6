import Platform
import TestChaos
import TestSupport
import Testing

/// What a scenario says of a network is worth what its proxy does to it.
@Suite("A proxy of network faults", .timeLimit(.minutes(10)))
struct ProxyTests {
    /// Whoever listens behind the proxy, and whoever speaks to it.
    private struct Line: ~Copyable {
        let listener: TCPSocket
        let proxy: FaultProxy
        let client: TCPSocket
        let server: TCPSocket

        /// A connection that stands.
        static func make(_ change: (inout LinkState) -> Void = { _ in }) throws -> Line {
            let listener = try TCPSocket.listening(on: TCPAddress(host: "127.0.0.1", port: 0))
            let proxy = try FaultProxy(to: "tcp://\(try listener.address())")
            let client = try TCPSocket.connecting(to: TCPAddress(endpoint: proxy.endpoint))
            let server = try accepted(listener)
            proxy.steer(change)
            return Line(listener: listener, proxy: proxy, client: client, server: server)
        }

        deinit { proxy.stop() }

        static func accepted(_ listener: borrowing TCPSocket) throws -> TCPSocket {
            let end = ContinuousClock.now + .seconds(5)
            while ContinuousClock.now < end {
                if let socket = try listener.accept() { return socket }
                Waiting.pass(.milliseconds(1))
            }
            throw ChaosFailure("nobody connected")
        }
    }

    /// Reads so many bytes, or until the time is over or the other side ends.
    private func read(
        _ socket: borrowing TCPSocket,
        _ count: Int,
        within limit: Duration = .seconds(5)
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        let end = ContinuousClock.now + limit
        while bytes.count < count, ContinuousClock.now < end {
            switch socket.receive() {
            case .bytes(let more): bytes += more
            case .nothing: Waiting.pass(.milliseconds(1))
            case .ended, .broken: return bytes
            }
        }
        return bytes
    }

    /// What comes of a socket in the end.
    private func end(_ socket: borrowing TCPSocket, within limit: Duration) -> TCPSocket.Received {
        let end = ContinuousClock.now + limit
        var last = TCPSocket.Received.nothing
        while ContinuousClock.now < end {
            last = socket.receive()
            if last == .ended || last == .broken { return last }
            Waiting.pass(.milliseconds(1))
        }
        return last
    }

    @Test("passes on what either side says, and that it says no more")
    func forwards() async throws {
        try await onThread {
            let line = try Line.make()
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0) }
            var rest = bytes[...]
            var arrived: [UInt8] = []
            while arrived.count < bytes.count, let sent = line.client.send(rest) {
                rest = rest.dropFirst(sent)
                arrived += read(line.server, 1, within: .seconds(5))
            }
            #expect(arrived == bytes)
            #expect(line.server.send([1, 2, 3]) == 3)
            #expect(read(line.client, 3) == [1, 2, 3])
            let counts = line.proxy.counts
            #expect(counts.accepted == 1 && counts.open == 1)
            #expect(counts.toCoordinator == bytes.count && counts.toWorkers == 3)
        }
    }

    @Test("holds bytes while a link is cut, and has them all once it is whole")
    func holds() async throws {
        try await onThread {
            let line = try Line.make { $0.toCoordinator.flow = .held }
            #expect(line.client.send([1, 2, 3]) == 3)
            #expect(read(line.server, 1, within: .milliseconds(100)) == [])
            #expect(line.server.send([9]) == 1)
            #expect(read(line.client, 1) == [9], "the other way is whole")
            line.proxy.heal()
            #expect(read(line.server, 3) == [1, 2, 3])
        }
    }

    @Test("lets a connection that lost bytes say nothing more, and neither end knows")
    func swallows() async throws {
        try await onThread {
            let line = try Line.make { $0.bothWays { $0.flow = .swallowed } }
            #expect(line.client.send([1, 2, 3]) == 3)
            try Waiting.until("bytes were swallowed", within: .seconds(5)) {
                line.proxy.counts.swallowed == 3
            }
            line.proxy.heal()
            #expect(line.client.send([4]) == 1)
            #expect(end(line.server, within: .milliseconds(100)) == .nothing)
            let second = try TCPSocket.connecting(to: TCPAddress(endpoint: line.proxy.endpoint))
            let server = try Line.accepted(line.listener)
            #expect(second.send([5]) == 1)
            #expect(read(server, 1) == [5], "a new connection lives")
        }
    }

    @Test("delays bytes, each at least so long, and lets none overtake another")
    func delays() async throws {
        try await onThread {
            let line = try Line.make {
                $0.toCoordinator.delay = .milliseconds(60)
                $0.toCoordinator.jitter = .milliseconds(40)
            }
            let began = ContinuousClock.now
            for number in 0..<10 {
                #expect(line.client.send([UInt8(number)]) == 1)
                Waiting.pass(.milliseconds(2))
            }
            #expect(read(line.server, 1).first == 0)
            #expect(ContinuousClock.now - began >= .milliseconds(60))
            #expect(read(line.server, 9).last == 9)
        }
    }

    @Test("lets bytes through one by one, so many a second")
    func trickles() async throws {
        try await onThread {
            let line = try Line.make { $0.toCoordinator.bytesPerSecond = 1_000 }
            let bytes = (0..<200).map { UInt8($0) }
            let began = ContinuousClock.now
            #expect(line.client.send(bytes[...]) == 200)
            #expect(read(line.server, 200) == bytes)
            #expect(ContinuousClock.now - began >= .milliseconds(140))
        }
    }

    @Test("refuses, lets nobody be heard, and opens its door again")
    func doors() async throws {
        try await onThread {
            let line = try Line.make { $0.door = .refusing }
            let address = try TCPAddress(endpoint: line.proxy.endpoint)
            try Waiting.until("connecting was refused", within: .seconds(5)) {
                let socket = try? TCPSocket.connecting(to: address)
                guard let socket else { return true }
                return end(socket, within: .milliseconds(20)) == .broken
            }
            #expect(line.client.send([1]) == 1)
            #expect(read(line.server, 1) == [1], "a connection that stands is not touched")
            line.proxy.steer { $0.door = .mute }
            try Waiting.until("somebody was let in", within: .seconds(5)) {
                let socket = try? TCPSocket.connecting(to: address)
                guard let socket, socket.send([1]) == 1 else { return false }
                return end(socket, within: .milliseconds(50)) == .nothing
            }
            line.proxy.heal()
            let last = try TCPSocket.connecting(to: address)
            let server = try Line.accepted(line.listener)
            #expect(last.send([7]) == 1)
            #expect(read(server, 1) == [7])
        }
    }

    @Test("ends connections without a word")
    func resets() async throws {
        try await onThread {
            let line = try Line.make()
            line.proxy.resetAll()
            #expect(end(line.client, within: .seconds(5)) == .broken)
            #expect(end(line.server, within: .seconds(5)) == .broken)
            #expect(line.proxy.counts.reset == 1)
        }
    }
}

@Suite("A network of its own", .timeLimit(.minutes(10)), .enabled(if: Namespace.refusal == nil))
struct NamespaceTests {
    @Test("is gone with its owner")
    func gone() async throws {
        try await onThread {
            var name = ""
            do {
                let network = try Namespace(number: 98)
                name = network.name
                #expect(Namespace.exists(name))
                try network.cut()
                try network.heal()
            }
            #expect(!Namespace.exists(name))
        }
    }
}
