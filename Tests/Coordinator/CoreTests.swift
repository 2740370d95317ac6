import Platform
import Scheduling
import TestSupport
import Testing
import Wire

@testable import Coordinator

@Suite("What the core keeps of results and submissions", .timeLimit(.minutes(10)))
struct CoreTests {
    let folder: TestFolder
    private static let sessions = (1...2).map { WireSession(high: 1, low: $0) }

    init() throws {
        folder = try TestFolder()
    }

    private func specification() -> JobSpecification {
        folder.specification([.init(path: "/in", byteCount: 6, modificationTime: 1, spool: nil)])
    }

    @Test("the half of a result that a lost worker leaves does not keep others' results out")
    func lostWorker() async throws {
        try await onThread {
            let bench = try CoreBench(state: folder.file("state"))
            bench.shardsPerJob = 2
            bench.core.inbox = ResultInbox(bytesMax: 10)
            for session in Self.sessions { try bench.greet(session, credit: 1) }
            _ = try bench.submit(specification())
            // Planned, granted, read.
            for _ in 0..<3 { try bench.turn() }
            let leases = bench.takeAssigned()
            try #require(leases.count == 2)
            let half = [UInt8](repeating: 7, count: 10)
            func send(_ place: Int) throws -> Bool {
                let chunk = WorkerMessage.resultChunk(lease: leases[place], offset: 0, bytes: half)
                try bench.hear(chunk, from: Self.sessions[place])
                defer { bench.sent = [] }
                return bench.sent.contains(.chunkAck(lease: leases[place], nextOffset: 10))
            }
            #expect(try send(0))
            #expect(try !send(1), "the first has taken all room")
            let held = HeldProgress(lease: leases[1], records: 1, tokens: 0)
            let heartbeat = Heartbeat(isDraining: false, residentMiB: 0, held: [held])
            for _ in 0..<25 {
                bench.now = bench.now.advanced(by: .seconds(1))
                try bench.hear(.heartbeat(heartbeat), from: Self.sessions[1])
                try bench.turn()
            }
            #expect(bench.core.scheduler.workers.count == 1)
            #expect(bench.core.inbox.bytes == 0)
            #expect(try send(1))
        }
    }

    @Test("rejects that were asked for while the last answer came are written")
    func rejects() async throws {
        try await onThread {
            let bench = try CoreBench(state: folder.file("state"))
            try bench.greet(Self.sessions[0], credit: 1)
            var specification = specification()
            let job = try bench.submit(specification)
            // Planned, granted, read.
            for _ in 0..<3 { try bench.turn() }
            let lease = try #require(bench.takeAssigned().first)
            specification.rejects = folder.file("rejects")
            // On its way to the disk still when the last answer is.
            let asked = bench.core.askedAgain(job, specification, bench.ticket())
            try bench.answer(lease, from: Self.sessions[0])
            try bench.perform(asked)
            #expect(bench.published.map(\.rejects) == [specification.rejects])
        }
    }
}
