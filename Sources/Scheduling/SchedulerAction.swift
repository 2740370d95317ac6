/// What the scheduler asks of the threads around it.
package enum SchedulerAction: Equatable, Sendable {
    /// Cut at most `count` shards of about `targetBytes` from the cursor on, and report them.
    case plan(JobID, from: PlanningCursor, count: Int, targetBytes: Int)
    /// Make these grants durable in one transaction, then report them.
    case recordGrants([Grant])
    /// Send a granted shard to its worker.
    case assign(Assignment)
    /// Make a complete result durable, then report it.
    case commitResult(LeaseID, ShardID)
    /// Tell a worker what became of its result.
    case acknowledge(SessionID, LeaseID, ResultOutcome)
    /// Make the failure of an attempt durable.
    case recordStrike(ShardID, Strike)
    /// Cut a shard's lines into two halves, and report them.
    case split(ShardID, ShardRange)
    /// Make the halves of a shard durable in its place, then report it.
    case recordSplit(ShardID, [ShardRange])
    /// Make the answer that stands for a single record that nobody can compute, and report it.
    case giveUp(ShardID, ShardRange, [Strike])
    /// Tell a worker to stop computing a lease.
    case cancel(SessionID, LeaseID)
    /// Admit a worker and say which of the leases that it holds are still wanted.
    case welcome(SessionID, WelcomeDecision)
    /// Tell a process that a newer one has taken its name.
    case fence(SessionID)
    /// Put the answers of a job in order and publish them.
    case publish(JobID)
    /// Make durable that a job is paused, and why.
    case recordPause(JobID, message: String)
    /// Make the end of a job durable.
    case recordFailure(JobID, message: String)
}

/// A lease about to be given, with all that must be durable before.
package struct Grant: Equatable, Sendable {
    /// New with this grant; durable before the assignment is sent.
    package let lease: LeaseID
    /// The shard that is given.
    package let shard: ShardID
    /// The process that shall compute it; it may be gone before the grant is durable.
    package let session: SessionID
    /// The name that the ledger keeps, as sessions do not outlive a restart.
    package let worker: String
    /// How often the shard was leased, this time included.
    package let attempt: Int
    /// The shard's range where the ledger has no row of it yet.
    package let newRange: ShardRange?
    /// The job's cursor after this shard, where it is new.
    package let cursor: PlanningCursor?

    /// A new shard comes with both its range and a cursor, a known one with neither.
    package init(
        lease: LeaseID,
        shard: ShardID,
        session: SessionID,
        worker: String,
        attempt: Int,
        newRange: ShardRange?,
        cursor: PlanningCursor?
    ) {
        self.lease = lease
        self.shard = shard
        self.session = session
        self.worker = worker
        self.attempt = attempt
        self.newRange = newRange
        self.cursor = cursor
    }
}

/// A shard to be sent to a worker under a durable lease.
package struct Assignment: Equatable, Sendable {
    /// Goes with every message about the shard, both ways.
    package let lease: LeaseID
    /// The shard to compute.
    package let shard: ShardID
    /// The process that it is sent to.
    package let session: SessionID
    /// How often the shard was leased, this time included.
    package let attempt: Int
    /// What to read of the input before it can be sent.
    package let range: ShardRange
}

/// What became of a result.
package enum ResultOutcome: Equatable, Sendable {
    /// It is durable and counts.
    case committed
    /// The lease no longer stands: cancelled, superseded, or of a job that ended.
    case leaseEnded
}

/// The answer to a worker's greeting.
package struct WelcomeDecision: Equatable, Sendable {
    /// Rises with every greeting; a newer generation of a name fences the older.
    package let generation: UInt64
    /// Leases that the worker shall go on with.
    package let keep: [LeaseID]
    /// Leases that it shall forget.
    package let drop: [LeaseID]
}
