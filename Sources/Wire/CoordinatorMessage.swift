/// What a coordinator says to a worker.
package enum CoordinatorMessage: Equatable, Sendable {
    /// Admits the worker and says which of its leases are still wanted.
    case welcome(Welcome)
    /// Refuses this one worker.
    case refuse(Refusal, retryAfterMilliseconds: UInt32, text: String)
    /// A shard to compute, with the first part of its input.
    case assign(Assign)
    /// A further part of a shard's input.
    case inputChunk(lease: UInt64, offset: UInt64, bytes: [UInt8])
    /// How far a large result has arrived.
    case chunkAck(lease: UInt64, nextOffset: UInt64)
    /// What became of a result; the worker may forget it, except after `resend`.
    case resultAck(lease: UInt64, Outcome)
    /// Stop computing a lease.
    case cancel(lease: UInt64)
    /// The answer to every heartbeat, with leases that are held in vain.
    case heartbeatAck(sequence: UInt64, cancel: [UInt64])
    /// The session is not known here: greet again.
    case resync
    /// A newer process has this worker's name: stop.
    case fenced
    /// Take no more work, finish what is held, and leave.
    case drain

    /// What became of a result.
    package enum Outcome: UInt8, Sendable, CaseIterable {
        /// It is durable and counts.
        case committed = 1
        /// Kept for a second result of a durable shard; the first cancels its lease instead.
        case alreadyCommitted
        /// The lease does not stand any more.
        case rejected
        /// The bytes did not arrive as they were sent.
        case resend
    }

    /// Why a worker is refused.
    package enum Refusal: UInt8, Sendable, CaseIterable {
        /// No version of the protocol is common to both.
        case version = 1
        /// Kept for a worker that cannot open the model; no coordinator says it yet.
        case model
        /// Kept for a worker that fails too often; no coordinator says it yet.
        case quarantined
        /// Kept for a cluster with workers enough; no coordinator says it yet.
        case full
    }
}

/// The answer to a greeting.
package struct Welcome: Equatable, Sendable {
    /// Rises with every greeting; of two processes with one name the higher counts.
    package var generation: UInt64
    /// How often the worker shall give a sign of life.
    package var heartbeatMilliseconds: UInt32
    /// Silence after which the worker is given up.
    package var deadMilliseconds: UInt32
    /// Leases to go on with.
    package var keep: [UInt64]
    /// Leases to forget.
    package var drop: [UInt64]

    /// Both lists hold at most `WireLimits.listCountMax` leases.
    package init(
        generation: UInt64,
        heartbeatMilliseconds: UInt32,
        deadMilliseconds: UInt32,
        keep: [UInt64],
        drop: [UInt64]
    ) {
        self.generation = generation
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.deadMilliseconds = deadMilliseconds
        self.keep = keep
        self.drop = drop
    }
}

/// A shard and all that is needed to compute it.
package struct Assign: Equatable, Sendable {
    /// Names the work in every later message, both ways; never 0.
    package var lease: UInt64
    /// The job's 26 letters and digits, for messages to people.
    package var job: String
    /// Place of the shard in its job, from 0.
    package var shard: UInt64
    /// How often the shard was leased, this time included.
    package var attempt: UInt32
    /// SHA-256 over the model's files, hexadecimal.
    package var modelDigest: String
    /// Folder of the model on the submitter's host, absolute; the worker opens the same path.
    package var modelPath: String
    /// What the job asks of every record, as JSON.
    package var options: String
    /// Number of the first line in the whole job.
    package var firstLine: UInt64
    /// Lines of the shard, blank ones counted.
    package var lineCount: UInt64
    /// Answers that must come.
    package var recordCount: UInt64
    /// Bytes of input that will be sent in all.
    package var inputByteCount: UInt64
    /// XXH3-128 of the whole input that is sent, first 64 bits.
    package var digestHigh: UInt64
    /// The last 64 bits.
    package var digestLow: UInt64
    /// Whether the input is the beginning of a single line above the job's limit.
    package var isOverlong: Bool
    /// The first part of the input.
    package var bytes: [UInt8]

    /// Texts must fit into one header frame together; encoding traps where they do not.
    package init(
        lease: UInt64,
        job: String,
        shard: UInt64,
        attempt: UInt32,
        modelDigest: String,
        modelPath: String,
        options: String,
        firstLine: UInt64,
        lineCount: UInt64,
        recordCount: UInt64,
        inputByteCount: UInt64,
        digestHigh: UInt64,
        digestLow: UInt64,
        isOverlong: Bool,
        bytes: [UInt8]
    ) {
        self.lease = lease
        self.job = job
        self.shard = shard
        self.attempt = attempt
        self.modelDigest = modelDigest
        self.modelPath = modelPath
        self.options = options
        self.firstLine = firstLine
        self.lineCount = lineCount
        self.recordCount = recordCount
        self.inputByteCount = inputByteCount
        self.digestHigh = digestHigh
        self.digestLow = digestLow
        self.isOverlong = isOverlong
        self.bytes = bytes
    }
}
