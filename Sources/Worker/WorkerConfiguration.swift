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
