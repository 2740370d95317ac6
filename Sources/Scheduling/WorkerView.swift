/// A worker as the coordinator sees it.
package struct WorkerView: Sendable {
    /// The coordinator's opinion of a worker.
    package enum State: Equatable, Sendable {
        /// Answers, and gets work. Can go to: `suspect`, `draining`.
        case active
        /// Silent for a while: gets no new work. Can go to: `active`; after longer silence it is forgotten.
        case suspect
        /// Finishes what it has and gets no more.
        case draining
    }

    package let session: SessionID
    package let name: String
    package let generation: UInt64
    package internal(set) var state: State = .active
    /// Shards that it can compute at once.
    package let slots: Int
    /// All leases it ever asked for in this session: an absolute count, so a repeat does no harm.
    var creditTotal: UInt64 = 0
    /// All leases it was ever given in this session.
    var grantedTotal: UInt64 = 0
    /// Leases that it holds, as far as we know.
    package internal(set) var leases: [LeaseID] = []
    /// How far it is with the leases that it holds, by its own last word.
    var progress: [LeaseProgress] = []
    var lastSeen: MonotonicTime

    /// Records done of the shards that it is computing now.
    package var runningRecords: Int { running.reduce(0) { $0 + $1.records } }

    /// Tokens done of the shards that it is computing now.
    package var runningTokens: Int { running.reduce(0) { $0 + $1.tokens } }

    private var running: [LeaseProgress] { progress.filter { leases.contains($0.lease) } }

    /// Leases that it may be given now.
    var freeCredit: Int {
        guard state == .active, creditTotal > grantedTotal else { return 0 }
        return Int(creditTotal - grantedTotal)
    }
}

/// A lease that may still commit its shard.
struct Lease: Sendable {
    enum State: Sendable {
        /// The grant is on its way to the disk.
        case recording
        /// The worker has it.
        case active
        /// The result is on its way to the disk.
        case committing
        /// Its worker was lost; a late result may still commit.
        case expired
        /// Given by an earlier life of the coordinator; its worker may come back.
        case orphaned
    }

    let shard: ShardID
    let worker: String
    /// The session that has it; nil while orphaned.
    var session: SessionID?
    let attempt: Int
    var state: State
    /// Whether its worker was sent it; before that the worker does not count it.
    var isSent = false
}
