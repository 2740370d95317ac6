import Coordinator
import Platform
import TestSupport

/// A state folder on a disk that fills up and is freed again.
package enum DiskFull: Scenario {
    package static let name = "disk-full"
    package static let summary = "the state folder's disk is filled up to its last byte, and freed"

    /// How soon work must go on once there is room.
    private static let resumeMax = Duration.seconds(10)

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        guard SmallDisk.canMount else { throw ChaosFailure("only root may mount a small disk") }
        return try run(
            times: size.times(short: 2, long: 20),
            held: size.isLong ? .seconds(15) : .seconds(2),
            seed: size.seed
        )
    }

    /// Fills and frees so many times.
    package static func run(times: Int, held: Duration, seed: UInt64) throws -> ScenarioReport {
        var report = ScenarioReport()
        let disk = try SmallDisk(mebibytes: 64)
        let cluster = try Cluster(state: "\(disk.path)/state")
        var work = Cluster.Work()
        work.delay = 50
        work.records = 12_000
        work.seed = seed
        var jobs = [try cluster.begin(work)]
        var slowest = Duration.zero
        for number in 0..<times {
            if jobs[0].durableRecords > work.records / 2 {
                try jobs[0].awaitEnd(in: cluster, within: .seconds(60))
                work.seed &+= 1
                jobs.insert(try cluster.job(work, named: "job\(number)"), at: 0)
                try jobs[0].submit(to: cluster)
            }
            let before = jobs[0].durableRecords
            try jobs[0].awaitRecords(before + 200, in: cluster, within: .seconds(60))
            try disk.fill(leaving: number % 3 * 4_096)
            try Waiting.until("the disk was found full", within: .seconds(30)) {
                try cluster.coordinator.status().fullDisk != nil
            }
            let refused = try refuse(cluster, "refused\(number)", &report)
            Waiting.pass(held)
            report.expect(cluster.coordinator.isAlive, "a full disk ended the coordinator")
            let durable = try jobs[0].look(at: cluster)?.records ?? 0
            try disk.free()
            slowest = max(
                slowest,
                try Waiting.until("work went on", within: .seconds(60)) {
                    let isFull = try cluster.coordinator.status().fullDisk != nil
                    let job = try jobs[0].look(at: cluster)
                    return !isFull && (job?.records ?? 0 > durable || job?.state == .done)
                }
            )
            jobs.append(refused)
            try jobs[jobs.count - 1].submit(to: cluster)
        }
        for index in jobs.indices {
            report.add(try jobs[index].awaitAnswers(in: cluster, within: .seconds(120)))
        }
        for worker in cluster.workers {
            report.expect(worker.isAlive, "a full disk ended a worker: \(worker.errors)")
        }
        let ledger = try cluster.close(&report)
        report.expect(slowest <= resumeMax, "work went on \(slowest.shown) s after there was room")
        report.expect(ledger.strikes == 0, "a full disk cost \(ledger.strikes) strikes")
        report.add("times full", times)
        report.add("s until work goes on at most", slowest.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    /// Hands in a small job, which must be refused as something to try again.
    private static func refuse(
        _ cluster: Cluster,
        _ name: String,
        _ report: inout ScenarioReport
    ) throws -> ChaosJob {
        var work = Cluster.Work()
        work.records = 30
        var job = try cluster.job(work, named: name)
        let (end, errors) = try job.trySubmit(to: cluster)
        report.expect(
            end == .code(75),
            "a job for a full disk ended \(end), not with exit code 75: \(errors)"
        )
        return job
    }
}
