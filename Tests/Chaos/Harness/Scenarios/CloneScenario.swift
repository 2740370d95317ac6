/// Two processes under one name.
package enum CloneScenario: Scenario {
    package static let name = "clone"
    package static let summary =
        "a second process takes a worker's name, also while the first is cut off"

    /// A shard takes longer than it takes to blame one for a clone that stays silent.
    private static let shardMilliseconds = 4_000
    private static let fencedMax = Duration.seconds(3)
    private static let fencedCode: Int32 = 75

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        let times = size.times(short: 6, long: 60)
        return ScenarioReport(sideBySide: [
            ScenarioPart("at work") { try takeNames(times: times, seed: seed) },
            ScenarioPart("cut off") { try cutOff(for: .seconds(1), seed: seed) },
            ScenarioPart("cut off for long") { try cutOff(for: .seconds(30), seed: seed) },
        ])
    }

    private static func options(_ number: Int) -> StubWorker.Options {
        var options = StubWorker.Options(instance: "w\(number)")
        options.machine = "host\(number)"
        options.delay = shardMilliseconds
        return options
    }

    private static func work(seconds: Int, seed: UInt64) -> Cluster.Work {
        var work = Cluster.Work()
        work.workers = 2
        work.seed = seed
        work.delay = shardMilliseconds
        work.records = work.shardRecords * 2 * (seconds * 1_000 / shardMilliseconds + 1)
        return work
    }

    /// Names are taken from processes that compute.
    package static func takeNames(times: Int, seed: UInt64) throws -> ScenarioReport {
        let cluster = try Cluster()
        try cluster.coordinator.start()
        for number in 0..<2 { try cluster.add(options(number)) }
        try cluster.awaitWorkers(2)
        let work = work(seconds: times * 5 + 8, seed: seed)
        var job = try cluster.job(work)
        try job.submit(to: cluster)
        var report = ScenarioReport()
        var newest = Array(cluster.workers)
        var slowest = Duration.zero
        for round in 0..<times {
            Waiting.pass(.milliseconds(1_500 + 700 * (round % 4)))
            let number = round % 2
            let older = newest[number]
            newest[number] = try cluster.add(options(number))
            let took = try Waiting.until("the older process ended", within: .seconds(60)) {
                !older.isAlive
            }
            slowest = max(slowest, took)
            report.expect(
                older.child?.end == .code(fencedCode),
                "the older process ended \(older.child?.end?.description ?? "")"
            )
        }
        report.expect(slowest <= fencedMax, "an older process was fenced after \(slowest.shown) s")
        // Whom to blame is settled a while after the last.
        Waiting.pass(.seconds(4))
        let ledger = try settle(cluster, &job, work, &report)
        for worker in newest { report.expect(worker.isAlive, "a newer process ended") }
        report.add("names taken", times)
        report.add("s until the older ends, at most", slowest.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    /// The older process finds out only once its network is back.
    package static func cutOff(for length: Duration, seed: UInt64) throws -> ScenarioReport {
        let cluster = try Cluster()
        let proxy = try cluster.startBehindProxy(seed: seed)
        defer { proxy.stop() }
        var behind = options(0)
        behind.endpoint = proxy.endpoint
        let older = try cluster.add(behind)
        try cluster.add(options(1))
        try cluster.awaitWorkers(2)
        let seconds = Int(length / .seconds(1)) + 30
        let work = work(seconds: seconds, seed: seed)
        var job = try cluster.job(work)
        try job.submit(to: cluster)
        Waiting.pass(.seconds(1))
        proxy.steer { $0.bothWays { $0.flow = .held } }
        Waiting.pass(.milliseconds(500))
        let newer = try cluster.add(options(0))
        Waiting.pass(length)
        proxy.heal()
        let took = try Waiting.until("the older process ended", within: .seconds(60)) {
            !older.isAlive
        }
        var report = ScenarioReport()
        report.expect(
            older.child?.end == .code(fencedCode),
            "the older process ended \(older.child?.end?.description ?? "")"
        )
        // After some seconds of silence nobody can tell it from one that died: one strike at most.
        let strikesMax = length < .seconds(2) ? 0 : 1
        let ledger = try settle(cluster, &job, work, strikesMax: strikesMax, &report)
        report.expect(newer.isAlive, "the newer process ended: \(newer.errors)")
        report.add("s from healing until the older ends", took.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    private static func settle(
        _ cluster: Cluster,
        _ job: inout ChaosJob,
        _ work: Cluster.Work,
        strikesMax: Int = 0,
        _ report: inout ScenarioReport
    ) throws -> LedgerFigures {
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60 + 4 * work.seconds)))
        let ledger = try cluster.close(&report)
        report.expect(
            ledger.strikes <= strikesMax,
            "\(ledger.strikes) strikes for clones that live, at most \(strikesMax)"
        )
        return ledger
    }
}
