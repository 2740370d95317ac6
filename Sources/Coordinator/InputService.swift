import Platform
package import Scheduling
import Wire

/// What the input thread is asked for.
package enum InputRequest: Sendable {
    /// Cut so many shards of about so many bytes from the cursor on.
    case plan(JobID, JobSpecification, PlanningCursor, count: Int, Int)
    /// Read the lines of a granted shard.
    case read(Assignment, JobSpecification)
    /// Say when all that was asked before is served.
    case settle(JobID)
}

/// Serves the input thread: cuts shards and reads them, so that no disk holds up the sockets.
struct InputService: Sendable {
    let limits: SchedulerLimits
    let mailbox: Mailbox<CoordinatorEvent>

    func serve(_ request: InputRequest) {
        switch request {
        case .settle(let job):
            mailbox.post(.inputSettled(job))
        case .plan(let job, let specification, let cursor, let count, let targetBytes):
            let planner = Planner(specification: specification, limits: limits)
            do throws(InputError) {
                let plan = try planner.plan(from: cursor, count: count, targetBytes: targetBytes)
                mailbox.post(.planned(job, plan.ranges, plan.cursor))
            } catch {
                mailbox.post(.inputFailed(job, error.description))
            }
        case .read(let assignment, let specification):
            let planner = Planner(specification: specification, limits: limits)
            do throws(InputError) {
                mailbox.post(.inputRead(assignment, try planner.read(assignment.range)))
            } catch {
                mailbox.post(.inputFailed(assignment.shard.job, error.description))
            }
        }
    }
}
