import Platform
import TestSupport
import Testing
import Wire

@Suite("Sockets", .serialized, .timeLimit(.minutes(10))) struct SocketTests {
    @Test("a router and a dealer exchange messages, whole and in order")
    func exchange() async throws {
        try await onThread {
            let pair = try SocketPair()
            #expect(pair.peer.first == 0, "the library itself names a peer that gives no name")
            for count in [0, 1, WireLimits.payloadBytesMax] {
                let frames = Frames(
                    header: [UInt8](repeating: 1, count: 56),
                    payload: [UInt8](repeating: 2, count: count)
                )
                #expect(try pair.dealer.send(frames) == .queued)
                #expect(try SocketPair.next(on: pair.router) == .message(peer: pair.peer, frames))
                #expect(try pair.router.send(frames, to: pair.peer) == .queued)
                #expect(try SocketPair.next(on: pair.dealer) == .message(peer: [], frames))
            }
            #expect(try pair.router.receive() == .nothing)
        }
    }

    @Test("a message to an unknown peer is unreachable, and leaves no half of itself")
    func unknownPeer() async throws {
        try await onThread {
            let pair = try SocketPair()
            let frames = Frames(header: [3], payload: [4])
            #expect(try pair.router.send(frames, to: [0, 9, 9, 9, 9]) == .unreachable)
            #expect(try pair.router.send(frames, to: [1]) == .unreachable)
            #expect(try pair.router.send(frames, to: pair.peer) == .queued)
            #expect(try SocketPair.next(on: pair.dealer) == .message(peer: [], frames))
        }
    }

    @Test("a foreign number of frames is reported, and the next message is whole")
    func frameCounts() async throws {
        try await onThread {
            let pair = try SocketPair()
            for count in [1, 3, 4, 5, 9] {
                let parts = [[UInt8]](repeating: [5], count: count)
                SocketPair.sendRaw(parts, on: pair.dealer)
                let received = try SocketPair.next(on: pair.router)
                #expect(received == .malformed(peer: pair.peer, .frameCount(got: count)))
                SocketPair.sendRaw([pair.peer] + parts, on: pair.router)
                let returned = try SocketPair.next(on: pair.dealer)
                #expect(returned == .malformed(peer: [], .frameCount(got: count)))
            }
            let frames = Frames(header: [6], payload: [])
            #expect(try pair.dealer.send(frames) == .queued)
            #expect(try SocketPair.next(on: pair.router) == .message(peer: pair.peer, frames))
        }
    }

    @Test("a full queue is told at once, and no queued message is cut or lost")
    func fullQueue() async throws {
        try await onThread {
            let pair = try SocketPair()
            let payload = [UInt8](repeating: 8, count: 64 << 10)
            var sent = 0
            var outcome = Socket.SendOutcome.queued
            while outcome == .queued, sent < 10_000 {
                let frames = Frames(header: [UInt8(sent & 255)], payload: payload)
                outcome = try pair.router.send(frames, to: pair.peer)
                if outcome == .queued { sent += 1 }
            }
            #expect(outcome == .full)
            for number in 0..<sent {
                let frames = Frames(header: [UInt8(number & 255)], payload: payload)
                let isNext = try SocketPair.next(on: pair.dealer) == .message(peer: [], frames)
                try #require(isNext, "message \(number) of \(sent)")
            }
            #expect(try pair.dealer.receive() == .nothing)
        }
    }

    @Test("a frame above the size limit costs its sender the connection, not the router")
    func oversized() async throws {
        try await onThread {
            let pair = try SocketPair()
            SocketPair.sendRaw([[1], [UInt8](repeating: 0, count: 300_001)], on: pair.dealer)
            let frames = Frames(header: [7], payload: [7])
            let pause = Mailbox<Int>()
            let deadline = MonotonicClock.nanoseconds() + SocketPair.patience
            var received = Socket.Received.nothing
            while received == .nothing, MonotonicClock.nanoseconds() < deadline {
                _ = try pair.dealer.send(frames)
                try pause.wait(with: pair.router, milliseconds: 20)
                received = try pair.router.receive()
            }
            guard case .message(let peer, frames) = received else {
                Issue.record("expected the small message alone")
                return
            }
            #expect(peer != pair.peer, "it is a new connection")
        }
    }

    @Test("an address that is taken is named in the reason") func addressTaken() async throws {
        try await onThread {
            let pair = try SocketPair()
            let taken = try Endpoint.listening(pair.router.lastEndpoint())
            let context = pair.context
            let error = #expect(throws: WireError.self) {
                _ = try Socket(.router, taken, context: context, lingerMilliseconds: 0)
            }
            #expect(error?.description == "cannot listen on \(taken): Address already in use")
        }
    }
}
