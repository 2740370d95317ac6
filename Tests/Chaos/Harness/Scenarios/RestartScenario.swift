import Coordinator

/// How soon what a killed worker had is given anew.
package enum RestartScenario: Scenario {
    package static let name = "restart"
    package static let summary =
        "kill -9 of a worker with a restart under its name, and without: how soon it is known"

    private static let grantMax = Duration.seconds(1)
    /// A worker's own silence, and what passes until it is looked for.
    private static let noticeMax = Duration.seconds(21)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let seed = size.seed
        let times = size.times(short: 10, long: 100)
        let losses = size.times(short: 2, long: 6)
        return ScenarioReport(
            sideBySide: [
                ScenarioPart("started again") { try startAgain(times: times, seed: seed) }
            ]
                + (0..<losses).map { number in
                    ScenarioPart("gone, \(number + 1)") {
                        try beGone(after: .milliseconds(700 * number), seed: seed)
                    }
                }
        )
    }

    /// A job of one shard, which takes longer than anything here.
    private static func begin(
        workers: Int,
        seed: UInt64
    ) throws -> (cluster: Cluster, job: ChaosJob) {
        let cluster = try Cluster()
        try cluster.coordinator.start()
        try cluster.add(workers: workers, delay: 3_000)
        try cluster.awaitWorkers(workers)
        var work = Cluster.Work()
        (work.seed, work.records) = (seed, 50)
        var job = try cluster.job(work)
        try job.submit(to: cluster)
        try Waiting.until("the shard was given", within: .seconds(30)) {
            try cluster.coordinator.status().workers.contains { $0.leases > 0 }
        }
        return (cluster, job)
    }

    /// The only worker is killed and started again under its name, again and again.
    package static func startAgain(times: Int, seed: UInt64) throws -> ScenarioReport {
        var (cluster, job) = try begin(workers: 1, seed: seed)
        var report = ScenarioReport()
        var grants = [try killAndGrant(cluster)]
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60)))
        for number in 1..<max(1, times) {
            // Each in a job of its own: a shard that loses its worker time and again is split.
            var work = Cluster.Work()
            (work.seed, work.records) = (seed &+ UInt64(number), 50)
            var next = try cluster.job(work, named: "job\(number)")
            try next.submit(to: cluster)
            try Waiting.until("the shard was given", within: .seconds(30)) {
                try cluster.coordinator.status().workers.contains { $0.leases > 0 }
            }
            grants.append(try killAndGrant(cluster))
            report.add(try next.awaitAnswers(in: cluster, within: .seconds(60)))
        }
        try cluster.close(&report)
        let slowest = grants.max() ?? .zero
        report.expect(
            slowest <= grantMax,
            "a shard was given anew \(slowest.shown) s after its worker's restart"
        )
        report.add("restarts", grants.count)
        report.add("s until the shard is given anew, at most", slowest.shown)
        return report
    }

    private static func killAndGrant(_ cluster: Cluster) throws -> Duration {
        let worker = cluster.workers[0]
        let greeting = "works for the coordinator"
        let greetings = worker.errors.ranges(of: greeting).count
        worker.kill()
        let began = ContinuousClock.now
        try worker.start()
        try Waiting.until("the shard was given anew", within: .seconds(60)) {
            // From its welcome on the coordinator speaks of the new process, not of the old one.
            guard worker.errors.ranges(of: greeting).count > greetings else { return false }
            return try cluster.coordinator.status().workers.contains { $0.leases > 0 }
        }
        return ContinuousClock.now - began
    }

    /// One of two is killed and stays away: the other gets its shard.
    package static func beGone(after pause: Duration, seed: UInt64) throws -> ScenarioReport {
        var (cluster, job) = try begin(workers: 2, seed: seed)
        Waiting.pass(pause)
        let holder = try cluster.coordinator.status().workers.first { $0.leases > 0 }?.name
        guard let lost = cluster.workers.first(where: { $0.options.instance == holder }) else {
            throw ChaosFailure("no worker has the shard")
        }
        lost.kill()
        let notice = try Waiting.until("the other worker had the shard", within: .seconds(60)) {
            let shown = try cluster.coordinator.status().workers
            return shown.contains { $0.leases > 0 && $0.name != holder }
        }
        var report = ScenarioReport()
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60)))
        try cluster.close(&report)
        report.expect(
            notice <= noticeMax,
            "a worker that stays away was noticed after \(notice.shown) s"
        )
        report.add("s until the shard is given to another", notice.shown)
        return report
    }
}
