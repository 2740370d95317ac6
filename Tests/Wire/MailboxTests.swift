import Platform
import TestSupport
import Testing
import Wire

@Suite("Mailbox", .serialized, .timeLimit(.minutes(10))) struct MailboxTests {
    @Test("a value wakes the thread that waits, long before its time is over")
    func wakeUp() async throws {
        try await onThread {
            let pair = try SocketPair()
            let mailbox = Mailbox<Int>()
            let start = MonotonicClock.nanoseconds()
            let poster = OSThread(name: "poster") { mailbox.post(7) }
            var values: [Int] = []
            while values.isEmpty, MonotonicClock.nanoseconds() < start + SocketPair.patience {
                try mailbox.wait(with: pair.dealer, milliseconds: 20_000)
                values = mailbox.take()
            }
            poster.join()
            #expect(values == [7])
            #expect(MonotonicClock.nanoseconds() - start < SocketPair.patience)
        }
    }

    @Test("a message wakes the thread that waits, and no value is made up")
    func wakeUpByMessage() async throws {
        try await onThread {
            let pair = try SocketPair()
            let mailbox = Mailbox<Int>()
            let frames = Frames(header: [1], payload: [2])
            let start = MonotonicClock.nanoseconds()
            #expect(try pair.dealer.send(frames) == .queued)
            try mailbox.wait(with: pair.router, milliseconds: 20_000)
            #expect(MonotonicClock.nanoseconds() - start < SocketPair.patience)
            #expect(mailbox.take().isEmpty)
            #expect(try pair.router.receive() == .message(peer: pair.peer, frames))
        }
    }

    @Test("a wait ends when its time is over") func timeout() async throws {
        try await onThread {
            let pair = try SocketPair()
            let start = MonotonicClock.nanoseconds()
            try Mailbox<Int>().wait(with: pair.dealer, milliseconds: 30)
            let waited = MonotonicClock.nanoseconds() - start
            #expect(waited >= 29_000_000)
            #expect(waited < SocketPair.patience)
        }
    }

    @Test("values of many threads all arrive, those of each thread in its order")
    func manyThreads() async throws {
        try await onThread {
            let mailbox = Mailbox<(thread: Int, value: Int)>()
            let threads = (0..<4).map { thread in
                OSThread(name: "poster") {
                    for value in 0..<1000 { mailbox.post((thread, value)) }
                }
            }
            var taken = [[Int]](repeating: [], count: 4)
            let deadline = MonotonicClock.nanoseconds() + SocketPair.patience
            while taken.joined().count < 4000, MonotonicClock.nanoseconds() < deadline {
                for (thread, value) in mailbox.take() { taken[thread].append(value) }
            }
            for thread in threads { thread.join() }
            #expect(taken == [[Int]](repeating: Array(0..<1000), count: 4))
            #expect(mailbox.take().isEmpty)
        }
    }

    @Test("a closed mailbox gives its last values and takes no more") func close() {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.post(1))
        #expect(mailbox.close() == [1])
        #expect(!mailbox.post(2))
        #expect(mailbox.take().isEmpty)
        #expect(mailbox.close().isEmpty)
    }
}
