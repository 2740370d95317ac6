import Ledger
import Scheduling

/// What other threads tell the coordinator's loop.
enum CoordinatorEvent: Sendable {
    /// A job to take in; the reply is called on the loop's thread once it is durable.
    case submit(JobRow, JobSpecification, reply: @Sendable () -> Void)
    /// A failed job to try again.
    case resume(JobID)
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
