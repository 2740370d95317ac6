/// A coordinator that may open few files, and more connections than it may have.
package enum Descriptors: Scenario {
    package static let name = "descriptors"
    package static let summary = "silent connections take all descriptors of the coordinator"

    private static let limit = 128
    private static let backMax = Duration.seconds(10)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        let held: Duration = size.isLong ? .seconds(45) : .seconds(2)
        for number in 0..<size.times(short: 1, long: 4) {
            try flood(for: held, seed: size.seed &+ UInt64(number), &report)
        }
        return report
    }

    private static func flood(
        for held: Duration,
        seed: UInt64,
        _ report: inout ScenarioReport
    ) throws {
        let cluster = try Cluster()
        cluster.coordinator.wrapper = ["prlimit", "--nofile=\(limit):\(limit)"]
        var work = Cluster.Work()
        work.seed = seed
        work.delay = 200
        work.records = (20 + Int(held / .milliseconds(50))) * work.shardRecords
        var job = try cluster.begin(work)
        try job.awaitRecords(work.shardRecords, in: cluster, within: .seconds(30))
        let floods = [
            Flood(endpoint: cluster.endpoint, most: 2 * limit),
            Flood(socket: "\(cluster.coordinator.state)/control.sock", most: 2 * limit),
        ]
        let end = ContinuousClock.now + held
        while ContinuousClock.now < end {
            floods.forEach { $0.press() }
            Waiting.pass(.milliseconds(50))
        }
        floods.forEach { $0.end() }
        let back = try Waiting.until("the coordinator answered again", within: .seconds(60)) {
            guard cluster.coordinator.isAlive else {
                throw ChaosFailure("the flood ended it: \(cluster.coordinator.errors)")
            }
            return (try? cluster.coordinator.status(timeoutSeconds: 1)) != nil
        }
        work.records = 60
        var second = try cluster.job(work, named: "second")
        try second.submit(to: cluster)
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60 + 4 * work.seconds)))
        report.add(try second.awaitAnswers(in: cluster, within: .seconds(60)))
        let ledger = try cluster.close(&report)
        report.expect(back <= backMax, "it answered \(back.shown) s after the flood")
        report.expect(ledger.repeats == 0, "\(ledger.repeats) leases expired over the flood")
        report.add("s of flood", held.shown)
        report.add("connections asked for", floods.reduce(0) { $0 + $1.attempts })
        report.add("s until it answers", back.shown)
        report.add("shards given anew", ledger.repeats)
    }
}
