import Glibc
import Ledger
import Platform
import Scheduling
import Testing

private func number(_ variable: String) -> Int? {
    getenv(variable).flatMap { Int(String(cString: $0)) }
}

private let wantedShards = number("KENNEL_MEASURE_SHARDS") ?? 0

/// Figures, taken where KENNEL_MEASURE_SHARDS says of how many shards; KENNEL_MEASURE_IN_FLIGHT may
/// say how many are granted, and answered, together.
@Suite("The ledger's speed", .enabled(if: wantedShards > 0), .serialized)
struct LedgerSpeedTests {
    /// Shards granted and answered before the next are, as with so many slots.
    private static let inFlight = number("KENNEL_MEASURE_IN_FLIGHT") ?? 1_024
    private static let answers = String(repeating: "a", count: 255) + "\n"

    @Test("grants and commits of many shards, and the start after them") func speed() throws {
        let bench = try LedgerBench()
        let walMax = try measureWrites(bench)
        let size = try Files.status("\(bench.state)/ledger.sqlite").byteCount
        print("ledger \(size >> 20) MiB, WAL at most \(walMax >> 20) MiB")
        let began = MonotonicClock.nanoseconds()
        var ledger = try Ledger.open(state: bench.state)
        let opened = MonotonicClock.nanoseconds()
        let jobs = try ledger.recover()
        let ended = MonotonicClock.nanoseconds()
        print("open \(Double(opened - began) / 1e9) s, recover \(Double(ended - opened) / 1e9) s")
        #expect(jobs.first?.description.progress.shards == wantedShards)
    }

    /// - Returns: the largest size of the WAL.
    private func measureWrites(_ bench: LedgerBench) throws -> Int {
        let events = EventQueue()
        let thread = LedgerThread(try Ledger.open(state: bench.state)) { events.put($0) }
        thread.write(.createJob(LedgerBench.row()))
        events.waitForWrites(1)
        let wal = "\(bench.state)/ledger.sqlite-wal"
        var walMax = 0
        let began = MonotonicClock.nanoseconds()
        var writes = 1
        for first in stride(from: 0, to: wantedShards, by: Self.inFlight) {
            let numbers = first..<min(first + Self.inFlight, wantedShards)
            thread.write(
                .recordGrants(numbers.map { LedgerBench.grant($0, lease: UInt64($0 + 1)) })
            )
            for number in numbers {
                let result = LedgerBench.result(number, lease: UInt64(number + 1), Self.answers)
                thread.write(.commitResult(result))
            }
            writes += 1 + numbers.count
            // The next are granted while these are written.
            events.waitForWrites(max(1, writes - 2 * (1 + Self.inFlight)))
            walMax = max(walMax, (try? Files.status(wal).byteCount) ?? 0)
        }
        events.waitForWrites(writes)
        let seconds = Double(MonotonicClock.nanoseconds() - began) / 1e9
        let rate = Int(Double(wantedShards) / seconds)
        print(
            "\(wantedShards) shards in \(seconds) s: \(rate) a second, \(events.groupCount) groups"
        )
        thread.stop()
        return walMax
    }
}
