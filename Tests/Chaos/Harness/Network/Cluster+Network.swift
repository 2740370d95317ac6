import Coordinator
import Platform

/// A cluster whose workers reach their coordinator through proxies.
extension Cluster {
    /// Starts the coordinator, a proxy, and workers behind it; hands a job in.
    ///
    /// - Parameter seed: of the proxy's jitter.
    package func begin(_ work: Work, behind proxy: FaultProxy) throws -> ChaosJob {
        for number in 0..<work.workers {
            var options = StubWorker.Options(instance: "w\(number)")
            options.machine = "host\(number / 2)"
            options.slots = work.slots
            options.delay = work.delay
            options.endpoint = proxy.endpoint
            try add(options)
        }
        var job = try job(work)
        try job.submit(to: self)
        return job
    }

    /// Starts the coordinator and puts a proxy before it.
    package func startBehindProxy(seed: UInt64) throws -> FaultProxy {
        try coordinator.start()
        return try FaultProxy(to: endpoint, seed: seed)
    }

    /// Waits until all workers are heard of and get work.
    ///
    /// - Returns: how long it took.
    package func awaitActive(within limit: Duration) throws -> Duration {
        let names = Set(workers.map(\.options.instance))
        var seen: [WorkerStatus] = []
        do {
            return try Waiting.until("all workers were active", within: limit) {
                seen = try coordinator.status().workers
                return Set(seen.filter { $0.state == "active" }.map(\.name)) == names
            }
        } catch {
            let list = seen.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
            throw ChaosFailure("\(error); they are: \(list)")
        }
    }

    /// Waits for a job's end, closes, and holds what every network fault must leave standing.
    ///
    /// - Returns: what the ledger tells.
    @discardableResult
    package func finish(
        _ job: inout ChaosJob,
        within limit: Duration,
        _ report: inout ScenarioReport
    ) throws -> LedgerFigures {
        report.add(try job.awaitAnswers(in: self, within: limit))
        let shown = try coordinator.status()
        report.expect(shown.failure == nil, "the coordinator shows: \(shown.failure ?? "")")
        for worker in workers {
            report.expect(worker.isAlive, "\(worker.options.instance) ended: \(worker.errors)")
        }
        let ledger = try close(&report)
        report.expect(ledger.strikes == 0, "\(ledger.strikes) strikes stand against shards")
        return ledger
    }
}
