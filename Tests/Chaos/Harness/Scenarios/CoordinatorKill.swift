import TestSupport

/// `kill -9` of the coordinator at any time.
package enum CoordinatorKill: Scenario {
    package static let name = "coordinator-kill"
    package static let summary =
        "kill -9 of the coordinator at random times, while it starts and while jobs are handed in"

    private struct Course {
        var random: SplitMix
        var jobs: [ChaosJob] = []
        var handedIn = 0
        var unanswered = 0
        var slowest = Duration.zero
        var sum = Duration.zero
        var starts = 0
    }

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        var course = Course(random: SplitMix(state: size.seed))
        let cluster = try Cluster()
        var work = Cluster.Work()
        work.delay = size.isLong ? 400 : 100
        work.records = size.isLong ? 100_000 : 4_000
        work.seed = size.seed
        let kills = size.times(short: 6, long: 200)
        course.jobs.append(try cluster.begin(work))
        let began = ContinuousClock.now
        for number in 0..<kills {
            let longest = size.isLong ? 1_000 : 200
            Waiting.pass(.milliseconds(Int.random(in: 0...longest, using: &course.random)))
            if number % 4 == 3 {
                try killWhileHandingIn(cluster, number, &course)
            } else {
                cluster.coordinator.kill()
            }
            if number % 5 == 4 { try killWhileStarting(cluster, &course) }
            let ready = try cluster.coordinator.start()
            course.slowest = max(course.slowest, ready)
            course.sum += ready
            course.starts += 1
            for index in course.jobs.indices { _ = try course.jobs[index].look(at: cluster) }
        }
        for index in course.jobs.indices {
            let limit = Duration.seconds(120 + 4 * work.seconds)
            report.add(try course.jobs[index].awaitAnswers(in: cluster, within: limit))
        }
        let time = ContinuousClock.now - began
        let ledger = try cluster.close(&report)
        let allowed = Duration.seconds(5 + Double(ledger.shards) / 100_000)
        report.expect(
            course.slowest <= allowed,
            "a start took \(course.slowest.shown) s, \(allowed.shown) s are allowed"
        )
        report.add("kills", kills)
        report.add("jobs, all accepted ones", course.jobs.count)
        report.add("submissions without an answer", course.unanswered)
        report.add("shards given anew", ledger.repeats)
        report.add("of these computed twice", cluster.computed - ledger.shards)
        report.add("s until ready at most", course.slowest.shown)
        report.add("s on average", (course.sum / course.starts).shown)
        report.add("s of work", time.shown)
        if size.isLong { try loseBoth(size.seed, &report) }
        return report
    }

    /// How long a coordinator waits for workers that held leases in its last life, and some more.
    private static let graceMax = Duration.seconds(70)

    /// A worker dies with its coordinator: what it had is given to others when it was waited for.
    private static func loseBoth(_ seed: UInt64, _ report: inout ScenarioReport) throws {
        let cluster = try Cluster()
        var work = Cluster.Work()
        work.delay = 1_000
        work.records = 12 * work.shardRecords
        work.seed = seed
        var job = try cluster.begin(work)
        try job.awaitRecords(1, in: cluster, within: .seconds(30))
        cluster.coordinator.kill()
        cluster.workers[0].kill()
        try cluster.coordinator.start()
        let began = ContinuousClock.now
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(200)))
        let time = ContinuousClock.now - began
        try cluster.close(&report)
        report.expect(time <= graceMax, "what a lost worker had took \(time.shown) s")
        report.add("s until all is done where a worker died, too", time.shown)
    }

    /// Kills it while a job is on its way: one that was acknowledged must be there afterwards.
    private static func killWhileHandingIn(
        _ cluster: Cluster,
        _ number: Int,
        _ course: inout Course
    ) throws {
        var work = Cluster.Work()
        work.records = 60
        work.seed = UInt64(number)
        let job = try cluster.job(work, named: "small\(number)")
        let child = try job.startSubmission(to: cluster)
        Waiting.pass(.milliseconds(Int.random(in: 20...150, using: &course.random)))
        cluster.coordinator.kill()
        let end = try child.end(within: .seconds(60))
        if end == .code(0), let accepted = job.accepted(as: child) {
            course.jobs.append(accepted)
        } else {
            course.unanswered += 1
        }
    }

    /// Kills it before it is ready.
    private static func killWhileStarting(_ cluster: Cluster, _ course: inout Course) throws {
        try cluster.coordinator.launch()
        Waiting.pass(.milliseconds(Int.random(in: 0...30, using: &course.random)))
        cluster.coordinator.kill()
    }
}
