import Platform

/// What most scenarios begin and end with.
extension Cluster {
    /// What a cluster is to work on.
    package struct Work {
        /// Worker processes.
        package var workers = 4
        /// Shards that each computes at a time.
        package var slots = 1
        /// Milliseconds that a shard takes.
        package var delay = 20
        /// Lines of the job.
        package var records = 4_000
        /// The most records of a shard.
        package var shardRecords = 50
        /// Makes the lines.
        package var seed: UInt64 = 1

        /// Four workers that are busy for two seconds.
        package init() {}

        /// Seconds that the job takes where nothing disturbs it, at least.
        package var seconds: Double {
            let shards = Double(records) / Double(shardRecords)
            return shards * Double(delay) / 1_000 / Double(workers * slots)
        }
    }

    /// A new job of this cluster, which is not handed in yet.
    ///
    /// - Parameter outputs: the folder of its output; nil for the cluster's own.
    package func job(
        _ work: Work,
        named name: String = "job",
        in outputs: String? = nil
    ) throws -> ChaosJob {
        let corpus = try ChaosCorpus(
            "\(folder)/\(name).jsonl",
            records: work.records,
            seed: work.seed
        )
        return ChaosJob(
            corpus,
            output: "\(outputs ?? folder)/\(name).out",
            shardRecords: work.shardRecords
        )
    }

    /// Starts the coordinator and the workers, and hands a job in.
    package func begin(_ work: Work) throws -> ChaosJob {
        try coordinator.start()
        try add(workers: work.workers, slots: work.slots, delay: work.delay)
        try awaitWorkers(work.workers)
        var job = try job(work)
        try job.submit(to: self)
        return job
    }

    /// Ends the coordinator in order and has `kennel ledger check` look at what it leaves.
    @discardableResult
    package func close(_ report: inout ScenarioReport) throws -> LedgerFigures {
        let end = try coordinator.terminate()
        report.expect(end == .code(0), "the coordinator ended \(end?.description ?? "before")")
        let (code, _, errors) = try kennel(["ledger", "check", "--state", coordinator.state])
        report.expect(code == .code(0), "kennel ledger check ended \(code): \(errors)")
        return try LedgerFigures(state: coordinator.state)
    }
}

extension Duration {
    /// Seconds with two places, for figures.
    package var shown: String {
        let hundredths = Int(self / .milliseconds(10))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
