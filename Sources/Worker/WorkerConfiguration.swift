package import Doge
package import Wire

/// How a worker process runs.
package struct WorkerConfiguration: Sendable {
    /// Where to connect to, again and again until somebody answers.
    package var coordinator: Endpoint
    /// Its name on this host; the newest process of a name counts.
    package var instance: String
    /// How the engine's threads shall share the work.
    package var layout: EngineLayout.Wish
    /// Whether they may be kept on cores.
    package var pinning: Pinning
    /// Digests of models' files that have not changed; nil reads all of every model.
    package var digests: DigestCache?
    /// Most memory for the keys and values of texts that grow, MiB.
    package var cacheMiB: Int
    /// The program's version, told in the greeting.
    package var build: String
    /// Tells hosts apart where two of them have to agree; all that have none count as one.
    package var machineID: String
    /// Tells boots of a host apart for people; may be empty.
    package var bootID: String
    /// Cores that it may use, told in the greeting; the engine's threads are another number.
    package var cores: Int
    /// The host's whole memory.
    package var memoryMiB: Int
    /// Time that a pass of the engine may take once its shard is taken away, milliseconds.
    package var passMilliseconds = WorkerSession.passLimitUsual

    /// Takes the command's values; none of them is checked against the host.
    package init(
        coordinator: Endpoint,
        instance: String,
        layout: EngineLayout.Wish,
        pinning: Pinning = .off(.asked),
        digests: DigestCache? = nil,
        cacheMiB: Int,
        build: String,
        machineID: String,
        bootID: String,
        cores: Int,
        memoryMiB: Int
    ) {
        self.coordinator = coordinator
        self.instance = instance
        self.layout = layout
        self.pinning = pinning
        self.digests = digests
        self.cacheMiB = cacheMiB
        self.build = build
        self.machineID = machineID
        self.bootID = bootID
        self.cores = cores
        self.memoryMiB = memoryMiB
    }
}
