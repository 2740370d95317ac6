import Ledger
import Scheduling

/// What other threads tell the coordinator's loop.
enum CoordinatorEvent: Sendable {
    /// A job to take in; the reply says whether it is durable, on the loop's thread.
    case submit(JobRow, JobSpecification, reply: @Sendable (Bool) -> Void)
    /// A known job that was asked for again, perhaps with other paths, and that goes on if it had
    /// failed; the reply says whether that is durable, on the loop's thread.
    case askAgain(JobID, JobSpecification, reply: @Sendable (Bool) -> Void)
    /// A job to end for good, with its specification; the reply as above, false where it is too
    /// late.
    case cancel(JobID, JobSpecification, reply: @Sendable (Bool) -> Void)
    /// A job to pause; the reply as above, false where nothing is left to pause.
    case pause(JobID, reply: @Sendable (Bool) -> Void)
    /// A paused or failed job that is to go on, with its specification; the reply as above.
    case resume(JobID, JobSpecification, reply: @Sendable (Bool) -> Void)
    /// The input thread has served all that was asked for a job before.
    case inputSettled(JobID)
    /// A failed job as the ledger has it, to go on from there.
    case resumed(JobDescription)
    case ledger(LedgerEvent)
    case planned(JobID, [ShardRange], PlanningCursor)
    case inputRead(Assignment, [UInt8])
    /// The halves of a shard that failed too often.
    case split(ShardID, [ShardRange])
    /// The answer that stands for a record that was given up, and how many records it is for.
    case answered(ShardID, [UInt8], records: Int)
    /// An input cannot be read, for a lease or to be cut.
    case inputFailed(JobID, LeaseID?, String)
    case published(JobID)
    /// What a job that has ended left behind is removed.
    case cleared(JobID)
    case publishingFailed(JobID, String)
    /// There is no room for an output, and why; it is to be tried again after a pause.
    case publishingWaits(JobID, String, pause: Duration)
    /// Show the status of now, then tell who asked.
    case show(done: @Sendable () -> Void)
    case stop
}
