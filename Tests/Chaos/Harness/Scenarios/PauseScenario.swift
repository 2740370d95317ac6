import Coordinator

/// SIGSTOP of a worker, then of the coordinator.
package enum PauseScenario: Scenario {
    package static let name = "pause"
    package static let summary = "SIGSTOP of a worker for 25 s, then of the coordinator for 30 s"

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        for _ in 0..<size.times(short: 1, long: 3) {
            try pauseWorker(.seconds(25), size.seed, &report)
            try pauseCoordinator(.seconds(30), size.seed, &report)
        }
        return report
    }

    /// Work that lasts well beyond a pause.
    private static func work(beyond pause: Duration, seed: UInt64) -> Cluster.Work {
        var work = Cluster.Work()
        work.seed = seed
        work.delay = 400
        // Four workers do ten shards a second; the job ends some seconds after the pause.
        work.records = (60 + Int(pause / .milliseconds(100))) * work.shardRecords
        return work
    }

    /// A worker stands still; what it has moves once, where it is silent for long.
    package static func pauseWorker(
        _ pause: Duration,
        _ seed: UInt64,
        _ report: inout ScenarioReport
    ) throws {
        let cluster = try Cluster()
        let work = work(beyond: pause, seed: seed)
        var job = try cluster.begin(work)
        try job.awaitRecords(work.records / 20, in: cluster, within: .seconds(60))
        let worker = cluster.workers[0]
        worker.pause()
        Waiting.pass(pause)
        worker.resume()
        let back = try Waiting.until("the paused worker was back", within: .seconds(40)) {
            try cluster.coordinator.status().workers.contains {
                $0.name.contains(worker.options.instance) && $0.state == "active"
            }
        }
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60 + 4 * work.seconds)))
        report.expect(worker.isAlive, "the paused worker ended: \(worker.errors)")
        let ledger = try cluster.close(&report)
        // A running shard and one that waits for it; where it is given up, it had at least one.
        let isGivenUp = pause > .seconds(20)
        let allowed = isGivenUp ? 1...2 * work.slots : 0...0
        report.expect(
            allowed.contains(ledger.repeats),
            "\(ledger.repeats) shards were given anew for a pause of one worker, not \(allowed)"
        )
        report.expect(ledger.strikes == 0, "a pause cost \(ledger.strikes) strikes")
        report.add("shards given anew for a worker's \(pause.shown) s", ledger.repeats)
        report.add("of these computed twice", cluster.computed - ledger.shards)
        report.add("s until it is back", back.shown)
    }

    /// How often each worker makes a new connection while the coordinator says nothing: after 15 s,
    /// and again each 30 s.
    private static func reconnections(during pause: Duration) -> Int {
        pause > .seconds(15) ? 1 + Int((pause - .seconds(15)) / .seconds(30)) : 0
    }

    /// The fewest workers that the coordinator shows for a while, beginning now.
    ///
    /// One that was given up comes back within a moment, and often with all that it had.
    private static func fewestWorkers(of cluster: Cluster, during time: Duration) throws -> Int {
        let end = ContinuousClock.now + time
        var fewest = Int.max
        while ContinuousClock.now < end {
            fewest = min(fewest, try cluster.coordinator.status().workers.count)
        }
        return fewest
    }

    /// The coordinator stands still; no lease expires for that.
    package static func pauseCoordinator(
        _ pause: Duration,
        _ seed: UInt64,
        _ report: inout ScenarioReport
    ) throws {
        let cluster = try Cluster()
        let work = work(beyond: .seconds(1), seed: seed)
        var job = try cluster.begin(work)
        try job.awaitRecords(work.records / 5, in: cluster, within: .seconds(60))
        cluster.coordinator.pause()
        Waiting.pass(pause)
        cluster.coordinator.resume()
        let resumed = ContinuousClock.now
        let fewest = try fewestWorkers(of: cluster, during: .milliseconds(200))
        report.expect(
            fewest == work.workers,
            "only \(fewest) of \(work.workers) workers were known after a pause of the coordinator"
        )
        let before = job.durableRecords
        try Waiting.until("work went on", within: .seconds(40)) {
            (try job.look(at: cluster)?.records ?? 0) > before
        }
        let progress = ContinuousClock.now - resumed
        report.add(try job.awaitAnswers(in: cluster, within: .seconds(60 + 4 * work.seconds)))
        for worker in cluster.workers {
            report.expect(worker.isAlive, "a worker ended over the pause: \(worker.errors)")
        }
        let ledger = try cluster.close(&report)
        // What is given to connections that their workers had left is given anew, and is no loss.
        let reconnections = reconnections(during: pause) * work.workers
        let most = reconnections * (work.slots + 1)
        report.expect(
            ledger.repeats <= most,
            "\(ledger.repeats) shards were given anew for a pause of the coordinator, at most "
                + "\(most) for \(reconnections) new connections"
        )
        report.expect(ledger.strikes == 0, "a pause cost \(ledger.strikes) strikes")
        let twice = cluster.computed - ledger.shards
        report.expect(
            twice == 0,
            "\(twice) shards were computed twice for a pause of the coordinator"
        )
        report.add("shards given anew for the coordinator's \(pause.shown) s", ledger.repeats)
        report.add("of these computed twice", twice)
        report.add("s until work goes on", progress.shown)
    }
}
