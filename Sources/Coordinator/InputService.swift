import Ledger
import Platform
package import Scheduling
import Wire

/// What the input thread is asked for.
package enum InputRequest: Sendable {
    /// Cut so many shards of about so many bytes from the cursor on.
    case plan(JobID, JobSpecification, PlanningCursor, count: Int, Int)
    /// Read the lines of a granted shard.
    case read(Assignment, JobSpecification)
    /// Cut a shard's lines into two halves.
    case split(ShardID, ShardRange, JobSpecification)
    /// Make the answer of a record that nobody can compute.
    case answer(ShardID, ShardRange, [Strike], JobSpecification)
    /// Say when all that was asked before is served.
    case settle(JobID)
}

/// Serves the input thread: cuts shards and reads them, so that no disk holds up the sockets.
struct InputService: Sendable {
    let state: String
    let limits: SchedulerLimits
    let mailbox: Mailbox<CoordinatorEvent>
    let isEnding: EndFlag

    func serve(_ request: InputRequest) {
        switch request {
        case .settle(let job):
            mailbox.post(.inputSettled(job))
        case .plan(let job, let specification, let cursor, let count, let targetBytes):
            with(specification, of: job) { (planner) throws(InputError) in
                let plan = try planner.plan(from: cursor, count: count, targetBytes: targetBytes)
                return .planned(job, plan.ranges, plan.cursor)
            }
        case .read(let assignment, let specification):
            with(specification, of: assignment.shard.job, for: assignment.lease) {
                (planner) throws(InputError) in
                .inputRead(assignment, try planner.read(assignment.range))
            }
        case .split(let shard, let range, let specification):
            with(specification, of: shard.job) { (planner) throws(InputError) in
                .split(shard, try planner.halves(of: range))
            }
        case .answer(let shard, let range, let strikes, let specification):
            with(specification, of: shard.job) { (planner) throws(InputError) in
                let answer = LostRecord(range: range, strikes: strikes)
                    .answer(of: try planner.read(range), specification.options)
                return .answered(shard, answer, records: range.recordCount)
            }
        }
    }

    /// Reports what comes of an input; a job whose input cannot be read ends.
    ///
    /// Where it is the ledger that is damaged, that ends the coordinator, as all damage does.
    private func with(
        _ specification: JobSpecification,
        of job: JobID,
        for lease: LeaseID? = nil,
        _ body: (Planner) throws(InputError) -> CoordinatorEvent
    ) {
        do throws(InputError) {
            let planner = Planner(specification: specification, state: state, limits: limits)
            let event = try isEnding.trying({ $0.isPassing }) { () throws(InputError) in
                try body(planner)
            }
            if let event { mailbox.post(event) }
        } catch {
            if case .damagedLedger(let what) = error {
                let damage = LedgerError.damaged(path: Ledger.path(state: state), what: what)
                mailbox.post(.ledger(.failed(damage)))
            } else {
                mailbox.post(.inputFailed(job, lease, error.description))
            }
        }
    }
}
