import TestChaos
import TestSupport
import Testing

/// Pauses beyond the 20 s after which a silent worker is given up: shorter ones break nothing,
/// whatever is wrong.
///
/// Nearly all of the time is waited, so that the suite runs beside the others.
@Suite("Real processes that stand still", .timeLimit(.minutes(10)))
struct ChaosPauseTests {
    @Test("a worker's pause moves its shards once, a coordinator's pause costs no lease")
    func pauses() async throws {
        try await onThread {
            // Whether a pause does harm is a matter of a moment: what is heard first after it.
            let pauses = (UInt64(1)...4).map { seed in
                ScenarioPart("coordinator \(seed)") {
                    var report = ScenarioReport()
                    try PauseScenario.pauseCoordinator(.seconds(22), seed, &report)
                    return report
                }
            }
            let worker = ScenarioPart("worker") {
                var report = ScenarioReport()
                try PauseScenario.pauseWorker(.seconds(22), 1, &report)
                return report
            }
            let report = ScenarioReport(sideBySide: pauses + [worker])
            let violations = report.violations.joined(separator: "\n")
            #expect(violations.isEmpty, "\(violations)")
        }
    }
}
