import Coordinator

/// Connections that look alive and are not.
package enum HalfOpenScenario: Scenario {
    package static let name = "half-open"
    package static let summary =
        "connections that never answer, from their beginning or from some moment on"

    /// Within this time workers must have made connections that live.
    private static let backMax = Duration.seconds(40)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        let mute: Duration = size.isLong ? .seconds(300) : .seconds(20)
        return ScenarioReport(sideBySide: [
            ScenarioPart("both ways") {
                try once(seed: seed) { $0.bothWays { $0.flow = .swallowed } }
            },
            ScenarioPart("to the coordinator") {
                try once(seed: seed) { $0.toCoordinator.flow = .swallowed }
            },
            ScenarioPart("to workers") {
                try once(seed: seed) { $0.toWorkers.flow = .swallowed }
            },
            ScenarioPart("mute for \(mute.shown) s") { try neverAnswered(for: mute, seed: seed) },
        ])
    }

    /// Connections die without a word; new ones would live.
    package static func once(
        seed: UInt64,
        _ change: (inout LinkState) -> Void
    ) throws -> ScenarioReport {
        let cluster = try Cluster()
        let proxy = try cluster.startBehindProxy(seed: seed)
        defer { proxy.stop() }
        let work = CutScenario.work(seed: seed)
        var job = try cluster.begin(work, behind: proxy)
        try job.awaitRecords(work.shardRecords * 8, in: cluster, within: .seconds(60))
        let before = proxy.counts
        proxy.steer(change)
        // A moment is enough: no connection outlives it, but nobody is told.
        Waiting.pass(.milliseconds(100))
        proxy.heal()
        var report = ScenarioReport()
        let durable = try job.look(at: cluster)?.records ?? 0
        let back = try Waiting.until("new connections were made", within: .seconds(120)) {
            let records = try job.look(at: cluster)?.records ?? 0
            return proxy.counts.accepted - before.accepted >= work.workers && records > durable
        }
        report.expect(back <= backMax, "new connections were at work after \(back.shown) s")
        let ledger = try cluster.finish(&job, within: .seconds(60 + 4 * work.seconds), &report)
        report.add("s until new connections work", back.shown)
        report.add("shards given anew", ledger.repeats)
        report.add("bytes lost", proxy.counts.swallowed)
        return report
    }

    /// Workers begin at a door behind which nobody ever answers.
    package static func neverAnswered(for length: Duration, seed: UInt64) throws -> ScenarioReport {
        let cluster = try Cluster()
        let proxy = try cluster.startBehindProxy(seed: seed)
        defer { proxy.stop() }
        proxy.steer { $0.door = .mute }
        let work = CutScenario.work(seed: seed)
        var job = try cluster.begin(work, behind: proxy)
        Waiting.pass(length)
        var report = ScenarioReport()
        report.expect(proxy.counts.accepted > 0, "no worker tried to connect")
        let isTold = cluster.workers.allSatisfy { $0.errors.contains("no coordinator answers") }
        report.expect(isTold || length < .seconds(6), "a worker does not say that nobody answers")
        proxy.heal()
        let back = try cluster.awaitActive(within: .seconds(120))
        report.expect(back <= backMax, "workers were at work after \(back.shown) s")
        try cluster.finish(&job, within: .seconds(60 + 4 * work.seconds), &report)
        report.add("s until all are at work", back.shown)
        report.add("connections tried", proxy.counts.accepted)
        return report
    }
}
