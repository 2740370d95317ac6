import Platform
package import Wire

/// A worker: one thread for its socket, one for its engine.
package final class Worker: Sendable {
    private let mailbox = Mailbox<WorkerEvent>()
    private let configuration: WorkerConfiguration
    private let report: @Sendable (String) -> Void

    /// Makes no thread and no socket yet: `run` does.
    ///
    /// - Parameter report: told in sentences what becomes of the connection and which shards fail.
    package init(
        _ configuration: WorkerConfiguration,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.report = report
    }

    /// Finish the running shard, give back the rest, and leave; asked twice, leave at once.
    ///
    /// Any thread.
    package func drain() {
        mailbox.post(.drain)
    }

    /// Runs until it is drained, fenced or refused, on the calling thread.
    ///
    /// - Returns: the exit code and why it ended.
    package func run() throws(WireError) -> (code: Int32, reason: String) {
        let queue = ComputeQueue()
        let service = EngineService(
            threads: configuration.threads,
            cacheBytes: configuration.cacheMiB << 20,
            mailbox: mailbox,
            queue: queue
        )
        let loop = try WorkerLoop(configuration, mailbox, queue, service, report: report)
        _ = OSThread(name: "engine") { service.run() }
        // The engine may be in the middle of a shard: the process ends without it.
        return try loop.run()
    }
}
