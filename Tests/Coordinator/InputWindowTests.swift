import Platform
import TestSupport
import Testing
import Wire

@testable import Coordinator
@testable import Scheduling

@Suite("Inputs on their way to workers", .timeLimit(.minutes(10))) struct InputWindowTests {
    private static func assignment(_ lease: UInt64, _ session: UInt64) -> Assignment {
        Assignment(
            lease: LeaseID(lease),
            shard: ShardID(job: JobID("job"), number: ShardNumber(Int(lease))),
            session: SessionID(high: 0, low: session),
            attempt: 1,
            range: ShardRange(
                input: 0,
                byteOffset: 0,
                byteCount: 1,
                firstLine: Int(lease),
                lineCount: 1,
                recordCount: 1,
                isOverlong: false,
                digest: ContentDigest(high: 0, low: 0)
            )
        )
    }

    private func leases(_ window: inout InputWindow) -> [UInt64] {
        var found: [UInt64] = []
        while let next = window.next() { found.append(next.lease.value) }
        return found
    }

    @Test("a session is read ahead for up to its bound, and goes on as its shards arrive")
    func session() {
        var window = InputWindow(sessionBytesMax: 10, bytesMax: 1_000)
        let session = SessionID(high: 0, low: 1)
        for lease in 1...5 { window.append(Self.assignment(UInt64(lease), 1), byteCount: 4) }
        #expect(leases(&window) == [1, 2])
        window.arrived(LeaseID(1), of: session, upTo: 2)
        #expect(leases(&window) == [3])
        window.arrived(LeaseID(1), of: SessionID(high: 0, low: 9))
        #expect(leases(&window) == [], "another session's word")
        window.arrived(LeaseID(1), of: session, upTo: 4)
        window.arrived(LeaseID(2), of: session)
        #expect(leases(&window) == [4])
        window.remove(LeaseID(3))
        #expect(leases(&window) == [5])
        for lease in [4, 5] { window.remove(LeaseID(UInt64(lease))) }
        #expect(window.isEmpty)
        #expect(window.bytes == 0)
    }

    @Test("a shard larger than the bounds goes alone") func lone() {
        var window = InputWindow(sessionBytesMax: 10, bytesMax: 20)
        for lease in 1...2 { window.append(Self.assignment(UInt64(lease), 1), byteCount: 50) }
        window.append(Self.assignment(3, 2), byteCount: 1)
        #expect(leases(&window) == [1])
        window.remove(LeaseID(1))
        #expect(leases(&window) == [3])
        window.remove(LeaseID(3))
        #expect(leases(&window) == [2])
    }

    @Test("all sessions together keep the total, and take turns") func total() {
        var window = InputWindow(sessionBytesMax: 10, bytesMax: 16)
        for session in 1...3 {
            for lease in 0..<2 {
                let lease = UInt64(session * 10 + lease)
                window.append(Self.assignment(lease, UInt64(session)), byteCount: 5)
            }
        }
        #expect(leases(&window) == [10, 20, 30])
        #expect(window.bytes == 15)
        window.remove(LeaseID(30))
        #expect(leases(&window) == [11])
        window.remove(SessionID(high: 0, low: 1))
        #expect(leases(&window) == [21, 31])
        window.remove(SessionID(high: 0, low: 2))
        window.remove(SessionID(high: 0, low: 3))
        #expect(window.isEmpty)
        #expect(window.bytes == 0)
    }

    @Test("a worker with much credit has at most 8 MiB of inputs on their way to it")
    func core() async throws {
        let folder = try TestFolder()
        try await onThread {
            let bench = try CoreBench(state: folder.file("state"))
            let session = WireSession(high: 1, low: 1)
            bench.shardsPerJob = 40
            bench.shardBytes = 1 << 20
            bench.answersReads = false
            var specification = folder.specification([
                .init(path: "/in", byteCount: 40 << 20, modificationTime: 1, spool: nil)
            ])
            specification.output = folder.file("out")
            _ = try bench.submit(specification)
            try bench.greet(session, slots: 40, credit: 40)
            for _ in 0..<3 { try bench.turn() }
            #expect(bench.reads.count == 8)
            while !bench.reads.isEmpty { try bench.read() }
            try bench.turn()
            #expect(bench.reads.isEmpty, "nobody has said that anything arrived")
            let lease = bench.takeAssigned()[0]
            try bench.hear(.inputAck(lease: lease, nextOffset: 1 << 20), from: session)
            try bench.turn()
            #expect(bench.reads.count == 1)
            #expect(bench.core.window.bytes == 8 << 20)
            // It greets anew: what was under way is lost, and all its leases are given anew.
            try bench.greet(session, slots: 40, credit: 40)
            for _ in 0..<3 { try bench.turn() }
            #expect(bench.core.window.bytes == 8 << 20)
            #expect(bench.reads.count == 1 + 8)
        }
    }

    @Test("a lease of a worker that was given up and came back is not sent to it")
    func returned() async throws {
        let folder = try TestFolder()
        try await onThread {
            let bench = try CoreBench(state: folder.file("state"))
            let session = WireSession(high: 1, low: 1)
            bench.answersReads = false
            var specification = folder.specification([
                .init(path: "/in", byteCount: 3, modificationTime: 1, spool: nil)
            ])
            specification.output = folder.file("out")
            _ = try bench.submit(specification)
            try bench.greet(session, credit: 1)
            for _ in 0..<3 { try bench.turn() }
            #expect(bench.reads.count == 1)
            // Silent, given up, and back before the disk has answered.
            bench.now = bench.now.advanced(by: .milliseconds(900))
            for _ in 0..<30 {
                try bench.turn()
                bench.now = bench.now.advanced(by: .milliseconds(900))
            }
            try bench.greet(session, credit: 1)
            for _ in 0..<3 { try bench.turn() }
            try bench.read()
            #expect(bench.takeAssigned().isEmpty)
            try bench.read()
            #expect(bench.takeAssigned().count == 1)
            #expect(bench.core.scheduler.workers.values.first?.leases.count == 1)
        }
    }
}
