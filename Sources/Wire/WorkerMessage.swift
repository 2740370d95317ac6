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
    /// The oldest version of the protocol that the worker speaks.
    package var versionMin: UInt16
    /// The newest one.
    package var versionMax: UInt16
    /// The build of the worker's program, for people.
    package var build: String
    /// Tells hosts apart where two of them have to agree, and for people.
    ///
    /// Workers that give none, or the same, count as those of one host.
    package var machineID: String
    /// The kernel's name for this boot, for people; empty where it cannot be read.
    package var bootID: String
    /// The worker's own name on its host; the newest process of a name counts.
    package var instance: String
    /// Cores that are online on the host.
    package var cores: UInt32
    /// The host's whole memory, not what is free.
    package var memoryMiB: UInt64
    /// Digests of the models that it has open.
    package var models: [String]
    /// Shards that it computes at once.
    package var slots: UInt32
    /// Leases that it goes on with unless told to drop them; empty in a first greeting.
    package var held: [HeldLease]

    /// Texts and lists must fit into one header frame together; encoding traps otherwise.
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
    /// The lease's number, as the assignment gave it.
    package var lease: UInt64
    /// Whether its result waits for an acknowledgement; else it is being computed or will be.
    package var isDone: Bool

    /// Takes what the worker knows of itself; the coordinator has the last word.
    package init(lease: UInt64, isDone: Bool) {
        self.lease = lease
        self.isDone = isDone
    }
}

/// A sign of life, with what the worker is doing.
package struct Heartbeat: Equatable, Sendable {
    /// Whether it finishes what it has and wants no more.
    package var isDraining: Bool
    /// Resident memory of the worker; 0 where it is not measured.
    package var residentMiB: UInt32
    /// One entry for each lease that it holds, those that wait included.
    package var held: [HeldProgress]

    /// At most `WireLimits.listCountMax` entries, as encoding traps above.
    package init(isDraining: Bool, residentMiB: UInt32, held: [HeldProgress]) {
        self.isDraining = isDraining
        self.residentMiB = residentMiB
        self.held = held
    }
}

/// How far a worker is with a lease.
package struct HeldProgress: Equatable, Sendable {
    /// The lease's number, as the assignment gave it.
    package var lease: UInt64
    /// Records done so far, error answers included.
    package var records: UInt32
    /// Tokens computed so far.
    package var tokens: UInt64

    /// Takes the engine's last report; zeros before the first.
    package init(lease: UInt64, records: UInt32, tokens: UInt64) {
        self.lease = lease
        self.records = records
        self.tokens = tokens
    }
}

/// What a result must be, so that nothing mixed or cut is ever committed.
package struct ResultEnd: Equatable, Sendable {
    /// The lease under which the result shall commit.
    package var lease: UInt64
    /// Answers, error answers included.
    package var records: UInt32
    /// Error answers among them.
    package var failedRecords: UInt32
    /// Tokens that the engine read for these answers.
    package var tokens: UInt64
    /// Bytes of the whole result, however it was sent.
    package var byteCount: UInt64
    /// XXH3-128 of all bytes, first 64 bits.
    package var digestHigh: UInt64
    /// The last 64 bits.
    package var digestLow: UInt64
    /// The whole result, where one payload holds it; else empty, after the chunks.
    package var bytes: [UInt8]

    /// With `bytes` only where they are the whole result.
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
    /// The engine refused the shard as a whole.
    case engine = 1
    /// Kept for memory that is out; no worker says it yet.
    case outOfMemory
    /// Kept for a shard that takes too long; no worker says it yet.
    case timeout
    /// The input is not the one that the digest names.
    case badInput
    /// The model cannot be opened, is not the job's, or cannot do what the job asks.
    case modelMissing
    /// The job's options cannot be read by this build.
    case `internal`
}
