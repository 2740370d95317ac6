/// Links over which bytes crawl.
package enum SlowScenario: Scenario {
    package static let name = "slow"
    package static let summary =
        "bytes that come one at a time, and that are seconds under way, each a different time"

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        let parts = [100, 1_000, 2_000].map { milliseconds in
            ScenarioPart("\(milliseconds) to \(milliseconds * 3 / 2) ms each way") {
                try once(seed: seed) {
                    $0.delay = .milliseconds(milliseconds)
                    $0.jitter = .milliseconds(milliseconds / 2)
                }
            }
        }
        let trickles = [2_000, 20_000].map { (rate: Int) in
            ScenarioPart("\(rate) bytes/s one by one") {
                try once(seed: seed) { $0.bytesPerSecond = rate }
            }
        }
        return ScenarioReport(sideBySide: parts + trickles)
    }

    /// A job over slow links, from the first connection to the last acknowledgement.
    package static func once(
        shards: Int = 40,
        seed: UInt64,
        _ change: (inout LinkFault) -> Void
    ) throws -> ScenarioReport {
        let cluster = try Cluster()
        let proxy = try cluster.startBehindProxy(seed: seed)
        defer { proxy.stop() }
        proxy.steer { $0.bothWays(change) }
        var work = Cluster.Work()
        work.seed = seed
        work.shardRecords = 20
        work.records = shards * work.shardRecords
        var job = try cluster.begin(work, behind: proxy)
        let greeted = try cluster.awaitActive(within: .seconds(60))
        var report = ScenarioReport()
        let began = ContinuousClock.now
        let connections = proxy.counts.accepted
        let ledger = try cluster.finish(&job, within: .seconds(300), &report)
        report.add("s until all have greeted", greeted.shown)
        report.add("s of work", (ContinuousClock.now - began).shown)
        report.expect(
            ledger.repeats == 0,
            "slow links cost \(ledger.repeats) shards that were given anew"
        )
        report.add("shards given anew", ledger.repeats)
        report.add("connections tried until then", connections)
        return report
    }
}
