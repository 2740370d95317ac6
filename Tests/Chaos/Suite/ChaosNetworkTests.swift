import TestChaos
import TestSupport
import Testing

/// A little of each fault of networks; `Tests/Chaos/run` has them as long as they must be.
@Suite("Faults of real networks", .serialized, .timeLimit(.minutes(10)))
struct ChaosNetworkTests {
    /// Does parts of scenarios on threads that may block, and expects no violation.
    private func expectNone(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ parts: [ScenarioPart]
    ) async throws {
        try await onThread {
            let violations = ScenarioReport(sideBySide: parts).violations.joined(separator: "\n")
            #expect(violations.isEmpty, "\(violations)", sourceLocation: sourceLocation)
        }
    }

    @Test("cuts, half-open connections, slow links and mute doors cost a job nothing but time")
    func links() async throws {
        try await expectNone([
            ScenarioPart("cut") { try CutScenario.once(.both, .seconds(3), seed: 1) },
            ScenarioPart("cut one way") {
                try CutScenario.once(.toCoordinator, .seconds(3), seed: 2)
            },
            ScenarioPart("flap") {
                try CutScenario.flap(each: .milliseconds(300), times: 4, resets: true, seed: 3)
            },
            ScenarioPart("half-open") {
                try HalfOpenScenario.once(seed: 4) { $0.bothWays { $0.flow = .swallowed } }
            },
            ScenarioPart("mute") {
                try HalfOpenScenario.neverAnswered(for: .seconds(2), seed: 5)
            },
            ScenarioPart("slow") {
                try SlowScenario.once(shards: 12, seed: 6) {
                    $0.delay = .milliseconds(200)
                    $0.jitter = .milliseconds(100)
                }
            },
            ScenarioPart("byte by byte") {
                try SlowScenario.once(shards: 12, seed: 7) { $0.bytesPerSecond = 20_000 }
            },
        ])
    }

    @Test(
        "a link that is down costs nothing but time",
        .enabled(if: Namespace.refusal == nil, "\(Namespace.refusal ?? "")")
    )
    func linkDown() async throws {
        try await expectNone([
            ScenarioPart("down") { try CutScenario.linkDown(for: .seconds(2), seed: 1) }
        ])
    }

    @Test("poison costs its own answer and few attempts, and processes that leave cost nothing")
    func processes() async throws {
        try await expectNone([
            ScenarioPart("poison") {
                try PoisonScenario.once(["FLOOD", "FAIL"], records: 600, shardRecords: 16, seed: 1)
            },
            ScenarioPart("killers") {
                try PoisonScenario.once(["KILL"], records: 60, shardRecords: 2, seed: 2)
            },
            ScenarioPart("clones") { try CloneScenario.takeNames(times: 1, seed: 3) },
            ScenarioPart("drains") {
                try DrainScenario.replace(times: 5, sameName: true, seed: 4)
            },
            ScenarioPart("told twice") { try DrainScenario.askTwice(times: 3, seed: 5) },
            ScenarioPart("restarts") { try RestartScenario.startAgain(times: 2, seed: 6) },
        ])
    }

    @Test("peers that send what no worker would keep nobody from work")
    func floods() async throws {
        try await expectNone(
            [.garbage, .overlong, .nonsense, .strangers].map { (peer: FloodScenario.Peer) in
                ScenarioPart(peer.rawValue) {
                    try FloodScenario.once(peer, .milliseconds(500), seed: 1)
                }
            }
        )
    }
}
