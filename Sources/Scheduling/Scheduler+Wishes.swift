/// What users wish of a job: that it pauses, goes on, or ends.
extension Scheduler {
    /// Gives no more shards of a job; those that workers have are finished and count.
    ///
    /// - Parameter message: why, where it is no user's wish.
    package mutating func jobPaused(_ id: JobID, message: String = "") {
        guard jobs[id]?.state == .running else { return }
        jobs[id]?.state = .paused(message)
        jobs[id]?.refusedSince = nil
        runningJobs.removeAll { $0 == id }
    }

    /// Gives shards of a paused job again, in its old place among the others.
    package mutating func jobContinued(_ id: JobID) -> [SchedulerAction] {
        guard case .paused = jobs[id]?.state else { return [] }
        jobs[id]?.state = .running
        runningJobs = jobOrder.filter { jobs[$0]?.state == .running }
        return publishIfComplete(id)
    }

    /// Stops giving a job's shards and taking its results, as its end is on its way to the disk.
    ///
    /// Of one that is being published the caller knows that nobody writes its output now.
    package mutating func jobCancelling(_ id: JobID) {
        switch jobs[id]?.state {
        case .running, .paused, .publishing, .failed: break
        case .done, .cancelling, .cancelled, nil: return
        }
        jobs[id]?.state = .cancelling
        runningJobs.removeAll { $0 == id }
    }

    /// Takes note that a job's end is durable: its workers are told to stop.
    package mutating func jobCancelled(_ id: JobID) -> [SchedulerAction] {
        guard jobs[id]?.state == .cancelling else { return [] }
        jobs[id]?.state = .cancelled
        return endShards(of: id)
    }

    /// Takes away all leases and shards of a job that has ended.
    mutating func endShards(of id: JobID) -> [SchedulerAction] {
        let leases = jobs[id]?.open.values.flatMap(\.leases).sorted() ?? []
        var actions: [SchedulerAction] = []
        for lease in leases { actions += revoke(lease) }
        jobs[id]?.removeAll()
        suspicions.removeAll { $0.shard.job == id }
        return actions
    }

    /// Forgets a job that has ended; of one that has not, nothing is forgotten.
    package mutating func jobForgotten(_ id: JobID) {
        switch jobs[id]?.state {
        case .done, .failed, .cancelled: break
        case .running, .paused, .publishing, .cancelling, nil: return
        }
        jobs[id] = nil
        jobOrder.removeAll { $0 == id }
        for (session, worker) in workers where worker.refusedJobs.contains(id) {
            workers[session]?.refusedJobs.remove(id)
        }
    }

    // MARK: - Error answers

    /// Changes the number of error answers above which a job is paused.
    package mutating func errorBudgetChanged(_ id: JobID, _ budget: ErrorBudget?) {
        jobs[id]?.errorBudget = budget
    }

    /// Whether a job has no more error answers than it may have.
    package func isWithinErrorBudget(_ id: JobID) -> Bool {
        guard let job = jobs[id], let budget = job.errorBudget else { return true }
        return !budget.isExceeded(by: job.progress, isComplete: job.isComplete)
    }

    /// Pauses a running job that has more error answers than it may have.
    mutating func pauseIfOverBudget(_ id: JobID) -> [SchedulerAction] {
        guard let job = jobs[id], job.state == .running, let budget = job.errorBudget,
            budget.isExceeded(by: job.progress, isComplete: job.isComplete)
        else { return [] }
        let message =
            "\(job.progress.failedRecords) of \(job.progress.records) records have error answers, "
            + "more than --max-errors \(budget) allows"
        jobPaused(id, message: message)
        return [.recordPause(id, message: message)]
    }
}
