import TestSimulation
import TestSupport
import Testing

/// The checker is worth as much as the mistakes that it catches.
@Suite("A planted bug", .serialized) struct PlantedBugTests {
    @Test("is caught within few seeds", arguments: PlantedBug.allCases)
    func isCaught(_ bug: PlantedBug) async throws {
        try await onThread {
            let sweep = Sweep(
                seeds: 1..<10_001,
                modes: [bug.harmsLiveness ? .liveness : .safety],
                bug: bug,
                stopsAtFirst: true
            )
            #expect(!sweep.run(threads: 1).failures.isEmpty)
        }
    }

    @Test("there are many kinds of them")
    func areMany() {
        #expect(PlantedBug.allCases.count >= 25)
    }
}
