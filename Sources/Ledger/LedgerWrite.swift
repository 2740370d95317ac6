package import Scheduling

/// One thing to be made durable; a group of them shares one sync and one transaction.
package enum LedgerWrite: Sendable {
    /// A new job, with its cursor at the start.
    case createJob(JobRow)
    /// Grants, with the new shards and the cursors that belong to them.
    case recordGrants([Grant])
    /// A failed attempt that is held against a shard.
    case recordStrike(ShardID, Strike)
    /// Halves that take the place of a shard; its leases are void.
    case splitShard(ShardID, [ShardRange])
    /// Answers of a shard.
    case commitResult(CompletedResult)
    /// The answers are complete and are being put in order.
    case beginPublishing(JobID)
    /// What may change of a job between two submissions of it, as its whole specification.
    case respecifyJob(JobID, String)
    /// A failed job is tried again from where it was.
    case resumeJob(JobID)
    /// A running job is paused, and why; without a word where a user wished it.
    case pauseJob(JobID, message: String)
    /// A paused job runs again.
    case continueJob(JobID)
    /// The end of a job, and why it failed.
    case finishJob(JobID, JobRow.State, message: String)
    /// Some of the rows of shards of a job that is done or cancelled are not needed any more.
    case forgetShards(JobID)
}

extension LedgerWrite {
    /// The highest lease that it makes durable.
    var lastLease: LeaseID? {
        switch self {
        case .recordGrants(let grants): grants.map(\.lease).max()
        case .commitResult(let result): result.lease
        default: nil
        }
    }

    /// Bytes of answers in it.
    var answerByteCount: Int {
        if case .commitResult(let result) = self { result.bytes.count } else { 0 }
    }

    /// About how many rows it changes.
    var rowCount: Int {
        switch self {
        case .recordGrants(let grants): grants.count
        case .forgetShards: Ledger.rowsPerStep
        default: 1
        }
    }
}
