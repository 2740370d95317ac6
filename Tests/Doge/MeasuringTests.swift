import Testing

@testable import Doge

@Suite("What the engine measures of itself") struct MeasuringTests {
    @Test("a profile is of the replica that had the work, whichever it was")
    func profile() throws {
        let engine = try Engine(
            model: DogeModel(directory: Golden.checkpoint("causal")),
            layout: EngineLayout(replicas: 3, ranks: 1)
        )
        for _ in 0..<5 {
            let shares = try engine.profile(batch: 1, length: 4, seconds: 0).shares
            #expect(shares.contains { $0.part == .projections })
            #expect(abs(shares.reduce(0) { $0 + $1.share } - 1) < 1e-9)
        }
    }

    @Test("a machine's limit is a speed", arguments: DataType.allCases)
    func limit(type: DataType) throws {
        #expect(try MachineLimit.operationsPerSecond(type, threads: 1) > 1e8)
    }
}
