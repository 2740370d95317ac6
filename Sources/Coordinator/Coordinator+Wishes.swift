import Ledger
package import Scheduling
import Synchronization

/// What users wish of a job; any thread.
extension Coordinator {
    /// A job as it is now, also one that ended long ago.
    package func job(_ id: String) throws(CoordinatorError) -> JobStatus {
        if let shown = status.jobs.last(where: { $0.id == id }) { return shown }
        let found = try look { (ledger) throws(LedgerError) in try ledger.job(JobID(id)) }
        guard let found else { throw .noJob(id) }
        return JobStatus(found, output: try specification(of: found.row).output)
    }

    /// Ends a job for good, and returns once that is durable: its answers are removed.
    ///
    /// One that is cancelled stays so; one whose answers are complete is refused, unless its output
    /// waits for room.
    package func cancel(_ id: String) throws(CoordinatorError) -> JobStatus {
        try wish(id) { (job, specification) throws(CoordinatorError) in
            switch job.state {
            case .cancelled: return nil
            case .done:
                throw .unfitJob(id, reason: "is done; its answers are in \(job.output)")
            case .publishing where job.message.isEmpty:
                throw .unfitJob(id, reason: "is answered, and \(job.output) is being written")
            case .running, .paused, .publishing, .failed, .cancelling:
                return { .cancel(JobID(id), specification, reply: $0) }
            }
        }
    }

    /// Gives no more shards of a job, and returns once that is durable.
    package func pause(_ id: String) throws(CoordinatorError) -> JobStatus {
        try wish(id) { (job, _) throws(CoordinatorError) in
            switch job.state {
            case .paused, .running: return { .pause(JobID(id), reply: $0) }
            case .publishing:
                throw .unfitJob(id, reason: "is answered, and \(job.output) is being written")
            case .done, .failed, .cancelling, .cancelled:
                throw .unfitJob(id, reason: "is \(job.state.rawValue), and cannot be paused")
            }
        }
    }

    /// Has a paused or failed job go on, and returns once that is durable.
    ///
    /// - Parameter maxErrors: how many error answers it may have; where it is nil, a job that is
    ///   paused for their number may have any.
    package func resume(
        _ id: String,
        maxErrors: ErrorBudget?
    ) throws(CoordinatorError) -> JobStatus {
        try wish(id, isKept: false) { (job, known) throws(CoordinatorError) in
            var specification = known
            let isOverBudget = job.state == .paused && !job.message.isEmpty
            if maxErrors != nil || isOverBudget { specification.maxErrors = maxErrors }
            try specification.validate()
            switch job.state {
            case .failed:
                try checkTargets(of: specification, except: JobID(id), status.jobs)
                enter(LiveJob(JobID(id), specification))
                fallthrough
            case .running, .paused:
                let next = specification
                return { .resume(JobID(id), next, reply: $0) }
            case .publishing: return nil
            case .done, .cancelling, .cancelled:
                throw .unfitJob(id, reason: "is \(job.state.rawValue), and cannot go on")
            }
        }
    }

    /// Has a wish come true, or finds that it has.
    ///
    /// - Parameters:
    ///   - isKept: whether the wish waits where the disk is full.
    ///   - event: what the loop is to be told of a job in this state; nil where nothing.
    private func wish(
        _ id: String,
        isKept: Bool = true,
        _ event: (JobStatus, JobSpecification) throws(CoordinatorError)
            -> ((@escaping @Sendable (Bool) -> Void) -> CoordinatorEvent)?
    ) throws(CoordinatorError) -> JobStatus {
        try turn.withLock { _ throws(CoordinatorError) in
            // A job may have come further between the look at it and the loop's word.
            for _ in 0..<2 {
                let job = try job(id)
                let row = try look { (ledger) throws(LedgerError) in try ledger.row(of: JobID(id)) }
                guard let row else { throw .noJob(id) }
                guard let event = try event(job, specification(of: row)) else { return job }
                if try tell(event) { return try self.job(id) }
                if let reason = around.status.current.fullDisk {
                    throw isKept ? .waitsForRoom(reason) : .diskFull(reason)
                }
            }
            throw noAnswer(for: id)
        }
    }
}
