import TestSimulation
import TestSupport
import Testing

/// Whole clusters in virtual time, each drawn from a seed, and judged from outside.
///
/// A failure names its seed: `swift run -c release kennel-simulate --from SEED --seeds 1 --trace`
/// shows all that happened.
@Suite("A simulated cluster", .serialized) struct FaultTests {
    private static let threads = 2

    /// What a failed run says of itself.
    private func sentences(_ totals: Sweep.Totals) -> [String] {
        totals.failures.prefix(5).map { mode, report in
            "seed \(report.seed), \(mode): \(report.violations.joined(separator: "; "))"
        }
    }

    @Test("without faults every job ends with one answer per record, in order")
    func calm() async throws {
        try await onThread {
            let totals = Sweep(seeds: 1..<301, modes: [.calm]).run(threads: Self.threads)
            #expect(sentences(totals) == [])
            #expect(totals.jobs > 500)
        }
    }

    @Test("whatever fails, nothing promised is broken, and jobs end once the faults do")
    func faults() async throws {
        try await onThread {
            let totals = Sweep(seeds: 1..<2_001, modes: [.safety, .liveness])
                .run(threads: Self.threads)
            #expect(sentences(totals) == [])
            #expect(totals.events >= 2_000 * 2 * Simulation.eventCount)
            #expect(totals.acknowledged > 50_000, "faults must leave room for work")
        }
    }

    @Test("a seed runs the same way each time, on any thread")
    func determinism() async throws {
        try await onThread {
            let sweep = Sweep(seeds: 1..<1_001, modes: [.safety, .liveness], eventCount: 2_000)
            #expect(sweep.unequalSeeds(threads: Self.threads) == [])
        }
    }
}
