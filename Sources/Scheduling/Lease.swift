/// A lease that may still commit its shard.
struct Lease: Sendable {
    enum State: Sendable {
        /// The grant is on its way to the disk.
        case recording
        /// The worker has it.
        case active
        /// The result is on its way to the disk.
        case committing
        /// Its worker was lost, or did not name it in time; a late result may still commit.
        case expired
        /// Given by an earlier life of the coordinator; its worker may come back.
        case orphaned
    }

    let shard: ShardID
    let worker: String
    /// The host that it was given to; nil while orphaned, and of an answer that nobody computes.
    var machine: String?
    /// The session that has it; nil while orphaned.
    var session: SessionID?
    let attempt: Int
    var state: State
    /// When its worker was sent it; before that the worker does not count it.
    var sentAt: MonotonicTime?
    /// How long its worker computed it, once the result has come.
    var took: Duration?
    /// Whether another lease worked at the same shard when it was given.
    var isSecond = false
}

/// How far a worker is with one lease.
package struct LeaseProgress: Sendable {
    /// The lease that the figures belong to; it may have ended meanwhile.
    package let lease: LeaseID
    /// Records answered so far, error answers included; nothing of it is durable.
    package let records: Int
    /// Tokens computed so far.
    package let tokens: Int

    /// Takes a worker's own figures, unchecked: no result is judged by them.
    package init(lease: LeaseID, records: Int, tokens: Int) {
        self.lease = lease
        self.records = records
        self.tokens = tokens
    }
}

/// What nothing can come of any more, for those who keep something by it.
package struct Ended: Sendable {
    /// Leases that no result can be delivered for.
    package internal(set) var leases: [LeaseID] = []
    /// Leases whose worker was lost, or does not know them: a result would come anew, and whole.
    package internal(set) var expired: [LeaseID] = []
    /// Sessions that were lost, left or were fenced; one may have greeted again meanwhile.
    package internal(set) var sessions: [SessionID] = []
}
