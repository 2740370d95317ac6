import Platform
import TestChaos
import TestSupport
import Testing

/// A little of each scenario; `Tests/Chaos/run --long` does much of it.
@Suite("Faults of real processes", .serialized, .timeLimit(.minutes(10)))
struct ChaosTests {
    /// Does a scenario on a thread that may block, and expects no violation.
    private func expectNone(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ scenario: @escaping @Sendable () throws -> ScenarioReport
    ) async throws {
        try await onThread {
            let report = try scenario()
            let violations = report.violations.joined(separator: "\n")
            #expect(violations.isEmpty, "\(violations)", sourceLocation: sourceLocation)
        }
    }

    @Test("workers that are killed lose and double nothing")
    func workers() async throws {
        try await expectNone { try WorkerKill.run(ScenarioSize(times: 6)) }
    }

    @Test("a coordinator that is killed has all that it acknowledged, and is soon back")
    func coordinator() async throws {
        try await expectNone { try CoordinatorKill.run(ScenarioSize(times: 5)) }
    }

    @Test(
        "a coordinator that is killed at a sync, a write or a rename goes on",
        .enabled(if: Injection.canTrace),
        arguments: [
            (SyncKill.Fault("signal=KILL", "fdatasync", .start), 4),
            (SyncKill.Fault("signal=KILL", "fdatasync", .work), 3),
            (SyncKill.Fault("signal=KILL", "pwrite64", .work), 9),
            (SyncKill.Fault("signal=KILL", "renameat2", .output), 1),
        ]
    )
    func killedCalls(fault: SyncKill.Fault, number: Int) async throws {
        try await meet(fault, number)
    }

    @Test(
        "a coordinator whose disk breaks ends with 74, and the next one has all",
        .enabled(if: Injection.canTrace),
        arguments: [
            (SyncKill.Fault("error=EIO", "fdatasync", .work), 2),
            (SyncKill.Fault("error=EIO", "fsync", .output), 1),
        ]
    )
    func brokenSyncs(fault: SyncKill.Fault, number: Int) async throws {
        try await meet(fault, number)
    }

    private func meet(_ fault: SyncKill.Fault, _ number: Int) async throws {
        try await expectNone {
            var report = ScenarioReport()
            let wasMet = try SyncKill.once(fault, number: number, seed: 1, &report)
            report.expect(wasMet, "the fault was not met")
            return report
        }
    }

    @Test("a full disk is waited for", .enabled(if: SmallDisk.canMount))
    func fullDisk() async throws {
        try await expectNone { try DiskFull.run(times: 1, held: .milliseconds(200), seed: 1) }
    }

    @Test("a wall clock that jumps changes nothing", .enabled(if: ClockScenario.canJump))
    func clock() async throws {
        try await expectNone { try ClockScenario.run(ScenarioSize(times: 6)) }
    }

    @Test("connections that say nothing keep nobody out for long")
    func descriptors() async throws {
        try await expectNone { try Descriptors.run(ScenarioSize()) }
    }

    @Test("a power cut takes nothing that was acknowledged")
    func power() async throws {
        try await expectNone { try PowerLoss.run(ScenarioSize(times: 5)) }
    }
}
