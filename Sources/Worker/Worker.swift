import Platform
package import Wire

/// How a worker process runs.
package struct WorkerConfiguration: Sendable {
    package var coordinator: Endpoint
    /// Its name on this host; the newest process of a name counts.
    package var instance: String
    /// Threads of the engine.
    package var threads: Int
    package var build: String
    package var machineID: String
    package var bootID: String
    package var cores: Int
    package var memoryMiB: Int

    package init(
        coordinator: Endpoint,
        instance: String,
        threads: Int,
        build: String,
        machineID: String,
        bootID: String,
        cores: Int,
        memoryMiB: Int
    ) {
        self.coordinator = coordinator
        self.instance = instance
        self.threads = threads
        self.build = build
        self.machineID = machineID
        self.bootID = bootID
        self.cores = cores
        self.memoryMiB = memoryMiB
    }
}

/// A worker: one thread for its socket, one for its engine.
package final class Worker: Sendable {
    private let mailbox = Mailbox<WorkerEvent>()
    private let configuration: WorkerConfiguration

    package init(_ configuration: WorkerConfiguration) {
        self.configuration = configuration
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
        let service = EngineService(threads: configuration.threads, mailbox: mailbox)
        let engine = RequestThread<ComputeRequest>(name: "engine") { $0.forEach(service.serve) }
        let loop = try WorkerLoop(configuration, mailbox, engine, service)
        // The engine may be in the middle of a shard: the process ends without it.
        return try loop.run()
    }
}
