/// What a worker says to its coordinator.
package enum WorkerMessage: Equatable, Sendable {
    /// At the start, after a reconnection, and when asked to.
    case hello(Hello)
    /// Every two seconds, from a thread that computes nothing.
    case heartbeat(Heartbeat)
    /// All leases ever asked for in this session: absolute, so loss and repetition do no harm.
    case credit(total: UInt64)
    /// A piece of a result too large for one message.
    case resultChunk(lease: UInt64, offset: UInt64, bytes: [UInt8])
    /// The end of a result, which asks for its commit.
    case resultEnd(ResultEnd)
    /// A shard that could not be computed at all.
    case fail(lease: UInt64, FailureClass, record: Int64, text: String)
    /// How far a large input has arrived.
    case inputAck(lease: UInt64, nextOffset: UInt64)
    /// Leases given back; nobody is to blame.
    case release([UInt64])
    /// The worker leaves.
    case bye(reason: String)
}

/// What a worker is and what it holds.
package struct Hello: Equatable, Sendable {
    package var versionMin: UInt16
    package var versionMax: UInt16
    /// The build of the worker's program, for people.
    package var build: String
    package var machineID: String
    package var bootID: String
    /// The worker's own name on its host; the newest process of a name counts.
    package var instance: String
    package var cores: UInt32
    package var memoryMiB: UInt64
    /// Digests of the models that it has open.
    package var models: [String]
    /// Shards that it computes at once.
    package var slots: UInt32
    package var held: [HeldLease]

    package init(
        versionMin: UInt16 = WireLimits.versionMin,
        versionMax: UInt16 = WireLimits.versionMax,
        build: String,
        machineID: String,
        bootID: String,
        instance: String,
        cores: UInt32,
        memoryMiB: UInt64,
        models: [String],
        slots: UInt32,
        held: [HeldLease]
    ) {
        self.versionMin = versionMin
        self.versionMax = versionMax
        self.build = build
        self.machineID = machineID
        self.bootID = bootID
        self.instance = instance
        self.cores = cores
        self.memoryMiB = memoryMiB
        self.models = models
        self.slots = slots
        self.held = held
    }
}

/// A lease that a worker holds when it greets.
package struct HeldLease: Equatable, Sendable {
    package var lease: UInt64
    /// Whether its result waits for an acknowledgement; else it is being computed or waits for that.
    package var isDone: Bool

    package init(lease: UInt64, isDone: Bool) {
        self.lease = lease
        self.isDone = isDone
    }
}

/// A sign of life, with what the worker is doing.
package struct Heartbeat: Equatable, Sendable {
    package var isDraining: Bool
    /// Resident memory.
    package var residentMiB: UInt32
    package var held: [HeldProgress]

    package init(isDraining: Bool, residentMiB: UInt32, held: [HeldProgress]) {
        self.isDraining = isDraining
        self.residentMiB = residentMiB
        self.held = held
    }
}

/// How far a worker is with a lease.
package struct HeldProgress: Equatable, Sendable {
    package var lease: UInt64
    package var records: UInt32
    package var tokens: UInt64

    package init(lease: UInt64, records: UInt32, tokens: UInt64) {
        self.lease = lease
        self.records = records
        self.tokens = tokens
    }
}

/// What a result must be, so that nothing mixed or cut is ever committed.
package struct ResultEnd: Equatable, Sendable {
    package var lease: UInt64
    /// Answers, error answers included.
    package var records: UInt32
    package var failedRecords: UInt32
    package var tokens: UInt64
    package var byteCount: UInt64
    /// XXH3-128 of all bytes.
    package var digestHigh: UInt64
    package var digestLow: UInt64
    /// The whole result, where one payload holds it; else empty, after the chunks.
    package var bytes: [UInt8]

    package init(
        lease: UInt64,
        records: UInt32,
        failedRecords: UInt32,
        tokens: UInt64,
        byteCount: UInt64,
        digestHigh: UInt64,
        digestLow: UInt64,
        bytes: [UInt8]
    ) {
        self.lease = lease
        self.records = records
        self.failedRecords = failedRecords
        self.tokens = tokens
        self.byteCount = byteCount
        self.digestHigh = digestHigh
        self.digestLow = digestLow
        self.bytes = bytes
    }
}

/// Why a shard could not be computed.
package enum FailureClass: UInt8, Sendable, CaseIterable {
    case engine = 1
    case outOfMemory, timeout, badInput, modelMissing, `internal`
}
