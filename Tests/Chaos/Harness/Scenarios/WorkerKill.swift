import Coordinator
import TestSupport

/// `kill -9` of workers at any time.
package enum WorkerKill: Scenario {
    package static let name = "worker-kill"
    package static let summary = "kill -9 of random workers at random times; each is started again"

    private static let workers = 8
    /// Silence after which a worker is given up, and time to see it.
    private static let noticeMax = Duration.seconds(23)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        var random = SplitMix(state: size.seed)
        var work = Cluster.Work()
        work.workers = workers
        work.seed = size.seed
        work.delay = size.isLong ? 450 : 100
        work.records = size.isLong ? 100_000 : 8_000
        work.shardRecords = 100
        let kills = size.times(short: 8, long: 200)
        let gap = size.isLong ? 200...2_000 : 10...150
        guard size.isLong else {
            try course(work, kills: kills, gap, measuresNotice: false, &random, &report)
            return report
        }
        try course(work, kills: kills * 4 / 5, gap, measuresNotice: true, &random, &report)
        // Shards that take longer than a dead worker's name is waited for: deaths are strikes.
        work.delay = 5_000
        work.records = 20_000
        try course(work, kills: kills / 5, gap, measuresNotice: false, &random, &report)
        return report
    }

    private static func course(
        _ work: Cluster.Work,
        kills: Int,
        _ gap: ClosedRange<Int>,
        measuresNotice: Bool,
        _ random: inout SplitMix,
        _ report: inout ScenarioReport
    ) throws {
        let cluster = try Cluster()
        try cluster.coordinator.start()
        try cluster.add(workers: workers, delay: work.delay)
        var work = work
        var done = 0
        var jobs = 0
        var time = Duration.zero
        while done < kills {
            var job = try cluster.job(work, named: "job\(jobs)")
            jobs += 1
            work.seed &+= 1
            try job.submit(to: cluster)
            let began = ContinuousClock.now
            while done < kills {
                Waiting.pass(.milliseconds(Int.random(in: gap, using: &random)))
                // Nobody is killed while there is nothing to disturb.
                if try job.look(at: cluster)?.state == .done { break }
                try kill(cluster, &random)
                done += 1
            }
            for worker in cluster.workers where !worker.isAlive { try worker.start() }
            report.add(try job.awaitAnswers(in: cluster, within: .seconds(60 + 4 * work.seconds)))
            time += ContinuousClock.now - began
        }
        let notice = measuresNotice ? try measureNotice(cluster, &report) : nil
        let ledger = try cluster.close(&report)
        report.add("kills", done)
        report.add("jobs", jobs)
        report.add("records", jobs * work.records)
        report.add("shards given anew", ledger.repeats)
        report.add("computed twice", cluster.computed - ledger.shards)
        report.add("s of work", time.shown)
        report.add("s undisturbed", Duration.seconds(work.seconds * Double(jobs)).shown)
        if let notice { report.add("s until a lost worker is given up", notice.shown) }
    }

    /// Kills one; some are back at once, others after the next.
    private static func kill(_ cluster: Cluster, _ random: inout SplitMix) throws {
        for worker in cluster.workers where !worker.isAlive { try worker.start() }
        guard let victim = cluster.workers.randomElement(using: &random) else { return }
        victim.kill()
        if Bool.random(using: &random) { try victim.start() }
    }

    private static func measureNotice(
        _ cluster: Cluster,
        _ report: inout ScenarioReport
    ) throws -> Duration {
        try cluster.awaitWorkers(workers)
        cluster.workers[0].kill()
        let notice = try Waiting.until("a lost worker was given up", within: .seconds(60)) {
            try cluster.coordinator.status().workers.count < workers
        }
        report.expect(notice <= noticeMax, "a lost worker was given up after \(notice.shown) s")
        return notice
    }
}
