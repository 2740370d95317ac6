import TestSimulation
import TestSupport
import Testing

/// Not at some moment, but at every one: a coordinator can die between any two of its effects.
@Suite("A coordinator that dies", .serialized) struct BoundaryTests {
    /// Runs of one seed that die at each place, alone and once more soon after.
    private func runs(_ seed: UInt64, bug: PlantedBug? = nil) -> (count: Int, broken: [String]) {
        let places = Simulation.runDying(seed: seed, at: []).boundaryCount
        var broken: [String] = []
        for place in 1...places {
            for boundaries in [[place], [place, place + 1 + place % 7]] {
                let report = Simulation.runDying(seed: seed, at: boundaries, bug: bug)
                guard !report.violations.isEmpty else { continue }
                broken.append("seed \(seed), at \(boundaries): \(report.violations[0])")
            }
        }
        return (2 * places, broken)
    }

    @Test("between any two effects breaks no promise, and its jobs end")
    func everyBoundary() async throws {
        try await onThread {
            var count = 0
            for seed: UInt64 in 1...12 {
                let (runs, broken) = runs(seed)
                count += runs
                #expect(broken.prefix(5) == [])
            }
            #expect(count > 2_000)
        }
    }

    @Test("shows by that alone what its next life forgets")
    func forgotten() async throws {
        try await onThread {
            for bug in [PlantedBug.publishingForgotten, .acceptedBeforeDurable, .cursorForgotten] {
                let broken = (1...4).contains { !runs(UInt64($0), bug: bug).broken.isEmpty }
                #expect(broken, "\(bug)")
            }
        }
    }
}
