import Glibc
import Ledger
import Platform
import Scheduling
import Synchronization
import TestSupport
import Testing

/// A ledger's thread on a disk that fills up.
@Suite("A ledger on a full disk", .enabled(if: SmallDisk.canMount), .timeLimit(.minutes(10)))
struct FullDiskTests {
    private static let answers = String(repeating: "a", count: 64 << 10) + "\n"

    private func grants(_ numbers: Range<Int>) -> LedgerWrite {
        .recordGrants(numbers.map { LedgerBench.grant($0, lease: UInt64($0 + 1)) })
    }

    private func commit(_ number: Int) -> LedgerWrite {
        .commitResult(LedgerBench.result(number, lease: UInt64(number + 1), Self.answers))
    }

    private func thread(
        on disk: borrowing SmallDisk,
        _ events: EventQueue,
        retryAfter: Duration = .seconds(5)
    ) throws -> LedgerThread {
        try Files.makeDirectory("\(disk.path)/data")
        let ledger = try Ledger.open(state: disk.path)
        return LedgerThread(ledger, retryAfter: retryAfter) { events.put($0) }
    }

    @Test("answers without room wait, nothing of them stays, and they go on once there is room")
    func answersWait() throws {
        let disk = try SmallDisk(mebibytes: 16)
        let events = EventQueue()
        let thread = try thread(on: disk, events, retryAfter: .milliseconds(100))
        thread.write(.createJob(LedgerBench.row()))
        thread.write(grants(0..<40))
        thread.write(commit(0))
        events.waitForWrites(3)
        try disk.fill(leaving: 200 << 10)
        for number in 1..<20 { thread.write(commit(number)) }
        events.waitUntilFull()
        let directory = Segments.directory(state: disk.path, job: "job")
        let path = Segments.path(directory, 0)
        let durable = events.writeCount - 2
        #expect(try Files.status(path).byteCount == durable * Self.answers.utf8.count)
        try disk.free()
        events.waitForWrites(22)
        #expect(try Files.status(path).byteCount == 20 * Self.answers.utf8.count)
        thread.stop()
        var again = try Ledger.open(state: disk.path)
        let job = try #require(try again.recover().first)
        #expect(job.description.progress.shards == 20)
    }

    @Test("rows without room wait too, and are tried again within 10 s") func rowsWait() throws {
        let disk = try SmallDisk(mebibytes: 16)
        let events = EventQueue()
        let thread = try thread(on: disk, events)
        thread.write(.createJob(LedgerBench.row()))
        events.waitForWrites(1)
        try disk.fill()
        for part in 0..<10 { thread.write(grants(part * 1_000..<(part + 1) * 1_000)) }
        events.waitUntilFull()
        let began = MonotonicClock.nanoseconds()
        try disk.free()
        events.waitForWrites(11)
        #expect(MonotonicClock.nanoseconds() - began < 10_000_000_000)
        thread.stop()
        var again = try Ledger.open(state: disk.path)
        let job = try #require(try again.recover().first)
        #expect(job.description.openShards.count == 10_000)
    }

    @Test("a start that finds no room for its checkpoint ends, and says what to do")
    func start() throws {
        let disk = try SmallDisk(mebibytes: 16)
        try Files.makeDirectory("\(disk.path)/data")
        do {
            var ledger = try Ledger.open(state: disk.path)
            try ledger.write([.createJob(LedgerBench.row()), grants(0..<20_000)])
        }
        // Enough for the epoch, and not for the rows that only the WAL has.
        try disk.fill(leaving: 100 << 10)
        do {
            var again = try Ledger.open(state: disk.path)
            let error = #expect(throws: LedgerError.self) { _ = try again.recover() }
            #expect(error?.isFull == true)
            #expect(error?.description.contains("make room on its disk") == true)
        }
        try disk.free()
        var again = try Ledger.open(state: disk.path)
        #expect(try again.recover().first?.description.openShards.count == 20_000)
        #expect(again.walByteCount == 0)
    }

    @Test("a disk that only refused a new job is not taken for full for ever")
    func nothingWaits() throws {
        let disk = try SmallDisk(mebibytes: 16)
        let events = EventQueue()
        let thread = try thread(on: disk, events, retryAfter: .milliseconds(100))
        try disk.fill()
        thread.write(.createJob(LedgerBench.row()))
        events.waitUntilFull()
        #expect(events.refused.count == 1)
        try disk.free()
        events.waitUntilNotFull()
        thread.stop()
        #expect(!events.isFull)
        #expect(events.writeCount == 0)
    }

    @Test("a new job is refused while there is no room, and what waits does not hold up a look")
    func jobsAreRefused() throws {
        let disk = try SmallDisk(mebibytes: 16)
        let events = EventQueue()
        let thread = try thread(on: disk, events)
        try disk.fill()
        let row = LedgerBench.row()
        thread.write(.createJob(row))
        thread.write(.finishJob(row.id, .failed, message: String(repeating: "x", count: 1 << 20)))
        events.waitUntilFull()
        let found = Promise<Int>()
        thread.look { _ in found.keep(1) }
        #expect(found.wait() == 1)
        #expect(events.refused.count <= 1)
        try disk.free()
        thread.stop()
        var again = try Ledger.open(state: disk.path)
        #expect(try again.recover().isEmpty == (events.refused.count == 1))
    }
}

/// What a ledger's thread reported, for a test that waits for it.
final class EventQueue: Sendable {
    private struct State {
        var writes = 0
        var groups = 0
        var isFull = false
        var refused: [JobID] = []
        var failure: LedgerError?
    }

    private let state = Mutex(State())
    private let news = Semaphore()

    func put(_ event: LedgerEvent) {
        state.withLock { state in
            switch event {
            case .written(let group):
                state.writes += group.count
                state.groups += 1
                state.isFull = false
            case .full(_, let refused):
                state.isFull = true
                state.refused += refused
            case .rowsRemain, .room: break
            case .failed(let error): state.failure = error
            }
        }
        news.signal()
    }

    var writeCount: Int { state.withLock { $0.writes } }
    var groupCount: Int { state.withLock { $0.groups } }
    var isFull: Bool { state.withLock { $0.isFull } }
    var refused: [JobID] { state.withLock { $0.refused } }
    var failure: LedgerError? { state.withLock { $0.failure } }

    func waitForWrites(_ count: Int) { wait { $0.writes >= count } }
    func waitUntilFull() { wait { $0.isFull } }
    func waitUntilNotFull() { wait { !$0.isFull } }

    private func wait(until condition: @Sendable (State) -> Bool) {
        while !state.withLock({ condition($0) || $0.failure != nil }) {
            guard news.wait(milliseconds: 60_000) else {
                Issue.record("the ledger's thread has said nothing for a minute")
                return
            }
        }
    }
}
