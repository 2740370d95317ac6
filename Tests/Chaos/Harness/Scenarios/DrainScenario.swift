import Coordinator
import Glibc
import TestSupport

/// SIGTERM for workers, once and twice.
package enum DrainScenario: Scenario {
    package static let name = "drain"
    package static let summary =
        "SIGTERM at random moments while others take the place of who leaves; twice, for now"

    /// What a drain may take beyond the shard at hand, on a busy machine.
    private static let exitMax = Duration.seconds(3)
    private static let delay = 1_500
    /// What a drain may take that cannot deliver, before a container is killed.
    private static let drainMax = Duration.seconds(28)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        let times = size.times(short: 24, long: 300)
        return ScenarioReport(sideBySide: [
            ScenarioPart("other names") { try replace(times: times, sameName: false, seed: seed) },
            ScenarioPart("same names") { try replace(times: times, sameName: true, seed: seed) },
            ScenarioPart("asked twice") { try askTwice(times: times, seed: seed) },
            ScenarioPart("cut off") { try cutOff(times: 1, seed: seed) },
            ScenarioPart("cut off, asked twice") { try cutOff(times: 2, seed: seed) },
        ])
    }

    private static func options(_ name: String, _ number: Int) -> StubWorker.Options {
        var options = StubWorker.Options(instance: name)
        options.machine = "host\(number % 2)"
        options.delay = delay
        return options
    }

    private static func begin(
        seconds: Int,
        seed: UInt64
    ) throws -> (cluster: Cluster, job: ChaosJob, work: Cluster.Work) {
        let cluster = try Cluster()
        try cluster.coordinator.start()
        for number in 0..<4 { try cluster.add(options("w\(number)", number)) }
        try cluster.awaitWorkers(4)
        var work = Cluster.Work()
        work.seed = seed
        work.delay = delay
        work.shardRecords = 20
        work.records = work.shardRecords * 4 * (seconds * 1_000 / delay + 4)
        var job = try cluster.job(work)
        try job.submit(to: cluster)
        return (cluster, job, work)
    }

    private static let greeting = "works for the coordinator"

    /// How often processes under a name have greeted; they share what they say.
    private static func greetings(of worker: StubWorker, ifNamed name: String) -> Int {
        worker.options.instance == name ? worker.errors.ranges(of: greeting).count : 0
    }

    /// A process that is told to stop before it has begun ends by the signal, and is no matter.
    private static func awaitGreeting(of worker: StubWorker, after count: Int) throws {
        try Waiting.until("a new worker had greeted", within: .seconds(60)) {
            worker.errors.ranges(of: greeting).count > count
        }
    }

    /// Workers leave in order, and others come; one that comes under the name of who leaves has
    /// its shard, which nobody is to blame for.
    package static func replace(
        times: Int,
        sameName: Bool,
        seed: UInt64
    ) throws -> ScenarioReport {
        var random = SplitMix(state: seed)
        var (cluster, job, work) = try begin(seconds: times / 2, seed: seed)
        var present = Array(cluster.workers)
        var report = ScenarioReport()
        var slowest = Duration.zero
        for round in 0..<times {
            Waiting.pass(.milliseconds(Int.random(in: 20...600, using: &random)))
            let place = Int.random(in: 0..<present.count, using: &random)
            let leaving = present[place]
            let began = ContinuousClock.now
            leaving.terminate()
            if sameName {
                let overlap = Int.random(in: 0...400, using: &random)
                Waiting.pass(.milliseconds(overlap))
            }
            let name = sameName ? leaving.options.instance : "n\(round)"
            let greetings = greetings(of: leaving, ifNamed: name)
            present[place] = try cluster.add(options(name, place))
            try Waiting.until("a drained worker ended", within: .seconds(60)) { !leaving.isAlive }
            slowest = max(slowest, ContinuousClock.now - began)
            try awaitGreeting(of: present[place], after: greetings)
            let right: [ChildProcess.End] = sameName ? [.code(0), .code(75)] : [.code(0)]
            let end = leaving.child?.end ?? .code(0)
            report.expect(right.contains(end), "a drained worker ended \(end): \(leaving.errors)")
        }
        let most = .milliseconds(delay) + exitMax
        report.expect(slowest <= most, "a drain took \(slowest.shown) s")
        let ledger = try settle(cluster, &job, work, &report)
        // Each gives back one that waits; who is fenced while it leaves loses that at hand, too.
        let repeatsMax = (sameName ? 2 : 1) * times
        report.expect(
            ledger.repeats <= repeatsMax,
            "\(ledger.repeats) shards were given anew over \(times) drains, at most \(repeatsMax)"
        )
        report.add("drains", times)
        report.add("s at most", slowest.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    /// The second SIGTERM ends a worker at once, and the coordinator knows.
    package static func askTwice(times: Int, seed: UInt64) throws -> ScenarioReport {
        var random = SplitMix(state: seed)
        var (cluster, job, work) = try begin(seconds: times / 2, seed: seed)
        var present = Array(cluster.workers)
        var report = ScenarioReport()
        var (slowest, known) = (Duration.zero, Duration.zero)
        for round in 0..<times {
            Waiting.pass(.milliseconds(Int.random(in: 20...600, using: &random)))
            let place = Int.random(in: 0..<present.count, using: &random)
            let leaving = present[place]
            leaving.terminate()
            // Two that come at once are one to the system.
            Waiting.pass(.milliseconds(Int.random(in: 20...100, using: &random)))
            let began = ContinuousClock.now
            leaving.terminate()
            try Waiting.until("a worker told twice ended", within: .seconds(60)) {
                !leaving.isAlive
            }
            slowest = max(slowest, ContinuousClock.now - began)
            known = max(
                known,
                try Waiting.until("the coordinator knew", within: .seconds(60)) {
                    let names = try cluster.coordinator.status().workers.map(\.name)
                    return !names.contains(leaving.options.instance)
                }
            )
            present[place] = try cluster.add(options("t\(round)", place))
            try awaitGreeting(of: present[place], after: 0)
        }
        report.expect(slowest <= exitMax, "a worker told twice ended after \(slowest.shown) s")
        report.expect(known <= .seconds(1), "the coordinator knew \(known.shown) s later")
        let ledger = try settle(cluster, &job, work, &report)
        report.expect(
            ledger.repeats <= 2 * times,
            "\(ledger.repeats) shards were given anew, at most \(2 * times)"
        )
        report.add("workers told twice", times)
        report.add("s until they end, at most", slowest.shown)
        report.add("s until that is known, at most", known.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    /// A worker whose network is away is told to stop; what it has goes to others.
    ///
    /// - Parameter times: how often it is told.
    package static func cutOff(times: Int, seed: UInt64) throws -> ScenarioReport {
        var (cluster, job, work) = try begin(seconds: 12, seed: seed)
        let proxy = try FaultProxy(to: cluster.endpoint, seed: seed)
        defer { proxy.stop() }
        var behind = options("behind", 0)
        behind.endpoint = proxy.endpoint
        let worker = try cluster.add(behind)
        try Waiting.until("it had work", within: .seconds(30)) {
            let shown = try cluster.coordinator.status().workers
            return shown.contains { $0.name == "behind" && $0.leases > 1 }
        }
        // It is shown as soon as it is given, and arrives a little later.
        Waiting.pass(.milliseconds(300))
        proxy.steer { $0.bothWays { $0.flow = .held } }
        for _ in 0..<times {
            worker.terminate()
            Waiting.pass(.milliseconds(50))
        }
        let took = try Waiting.until("it ended", within: .seconds(120)) { !worker.isAlive }
        var report = ScenarioReport()
        let most = times > 1 ? exitMax : drainMax
        report.expect(took <= most, "it ended after \(took.shown) s")
        let right: ChildProcess.End = .code(times > 1 ? 0 : 75)
        let end = worker.child?.end ?? .code(0)
        report.expect(end == right, "it ended \(end), not \(right)")
        proxy.heal()
        let ledger = try settle(cluster, &job, work, &report)
        report.add("s until it ends", took.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    private static func settle(
        _ cluster: Cluster,
        _ job: inout ChaosJob,
        _ work: Cluster.Work,
        _ report: inout ScenarioReport
    ) throws -> LedgerFigures {
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(120 + 4 * work.seconds)))
        let ledger = try cluster.close(&report)
        report.expect(ledger.strikes == 0, "\(ledger.strikes) strikes for workers that drained")
        return ledger
    }
}
