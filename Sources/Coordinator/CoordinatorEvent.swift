import Ledger
import Scheduling

/// What other threads tell the coordinator's loop.
enum CoordinatorEvent: Sendable {
    /// A job to take in; the reply says whether it is durable, on the loop's thread.
    case submit(JobRow, JobSpecification, reply: @Sendable (Bool) -> Void)
    /// A failed job to go on with; the reply says whether it runs, on the loop's thread.
    case resume(JobID, reply: @Sendable (Bool) -> Void)
    /// A failed job as the ledger has it, to go on from there.
    case resumed(JobDescription)
    case ledger(LedgerEvent)
    case planned(JobID, [ShardRange], PlanningCursor)
    case inputRead(Assignment, [UInt8])
    case inputFailed(JobID, String)
    case published(JobID)
    case publishingFailed(JobID, String)
    /// Tell all workers to finish and leave.
    case drain
    case stop
}
