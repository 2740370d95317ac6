import Coordinator
import Platform
import TestSupport

/// The power of the coordinator's machine fails at any time.
package enum PowerLoss: Scenario {
    package static let name = "power-loss"
    package static let summary =
        "the coordinator is killed, and of what it wrote since its last syncs some is gone"

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        var random = SplitMix(state: size.seed)
        let cuts = size.times(short: 10, long: 500)
        let ground = try Cluster.Ground()
        let power = try PowerCut(in: ground.folder)
        let cluster = try Cluster(state: "\(power.disk)/state")
        cluster.coordinator.wrapper = power.wrapper
        var work = Cluster.Work()
        work.delay = 5
        work.records = 3_000
        work.shardRecords = 25
        try cluster.coordinator.start()
        try cluster.add(workers: work.workers, slots: 2, delay: work.delay)
        var jobs: [ChaosJob] = []
        var done = 0
        for number in 0..<cuts {
            let isIdle =
                try jobs.isEmpty || jobs[jobs.count - 1].look(at: cluster)?.state == .done
            if isIdle {
                work.seed = size.seed &+ UInt64(number)
                var job = try cluster.job(work, named: "job\(number)", in: power.disk)
                // An output that was seen as done stays what it is.
                if let last = jobs.last { try check(last, &report, &done) }
                try job.submit(to: cluster)
                jobs.append(job)
            }
            // Mostly in the middle of work, for which workers must be back.
            if number % 4 != 0 {
                let job = jobs.count - 1
                let goal = jobs[job].durableRecords + 1
                try jobs[job].awaitRecords(goal, in: cluster, within: .seconds(60))
            }
            let wait = ContinuousClock.now + .milliseconds(Int.random(in: 0...150, using: &random))
            repeat {
                Waiting.pass(.milliseconds(2))
                _ = try jobs[jobs.count - 1].look(at: cluster)
            } while ContinuousClock.now < wait
            cluster.coordinator.kill()
            try power.cut(&random)
            do {
                try cluster.coordinator.start()
                for index in jobs.indices { _ = try jobs[index].look(at: cluster) }
                if jobs.count > 1 { try check(jobs[jobs.count - 2], &report, &done) }
            } catch {
                throw ChaosFailure("after cut \(number) of seed \(size.seed): \(error)")
            }
        }
        for index in jobs.indices {
            report.add(try jobs[index].awaitAnswers(in: cluster, within: .seconds(120)))
        }
        try cluster.close(&report)
        report.add("cuts", cuts)
        report.add("jobs", jobs.count)
        report.add("looks at outputs that were done", done)
        return report
    }

    private static func check(
        _ job: ChaosJob,
        _ report: inout ScenarioReport,
        _ done: inout Int
    ) throws {
        report.add(OutputCheck(job.output, of: job.corpus))
        done += 1
    }
}
