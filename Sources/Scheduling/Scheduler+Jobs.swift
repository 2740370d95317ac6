/// Jobs: how they begin and end.
extension Scheduler {
    /// Takes in a job that had failed, in any life: its leases were revoked then.
    package mutating func jobResumed(_ description: JobDescription) -> [SchedulerAction] {
        jobOpened(description.withoutLeases)
    }

    /// Takes in a job that the ledger holds, new or from an earlier life.
    ///
    /// - Parameter reason: why it is paused; nil where it is not.
    package mutating func jobOpened(
        _ description: JobDescription,
        pausedBecause reason: String? = nil
    ) -> [SchedulerAction] {
        switch jobs[description.id]?.state {
        case nil: jobOrder.append(description.id)
        case .failed:
            // A model that was mended may be tried anew.
            for session in Array(workers.keys) {
                workers[session]?.refusedJobs.remove(description.id)
            }
        case .running, .paused, .publishing, .done, .cancelling, .cancelled:
            preconditionFailure("a job is opened once")
        }
        jobs[description.id] = Job(description)
        runningJobs.append(description.id)
        if let reason { jobPaused(description.id, message: reason) }
        for shard in description.openShards {
            for lease in shard.leases {
                leases[lease.id] = Lease(
                    shard: ShardID(job: description.id, number: shard.range.number),
                    worker: lease.worker,
                    machine: nil,
                    session: nil,
                    attempt: shard.attempts,
                    state: .orphaned,
                    sentAt: now
                )
                orphans[lease.worker, default: []].append(lease.id)
            }
        }
        return publishIfComplete(description.id) + judgeRecovered(description.id)
    }

    /// Judges what an earlier life had no time to judge, once the workers of then may be back.
    mutating func judgeRecovered(_ id: JobID) -> [SchedulerAction] {
        guard readoptionDeadline == nil, let job = jobs[id] else { return [] }
        let struck = job.open.values.filter { !$0.strikes.isEmpty }.map(\.range.number)
        var actions: [SchedulerAction] = []
        for number in struck.sorted() { actions += judge(ShardID(job: id, number: number)) }
        return actions
    }

    /// Takes note that a job's output stands in its place.
    package mutating func jobPublished(_ id: JobID) {
        guard jobs[id]?.state == .publishing else { return }
        jobs[id]?.state = .done
    }

    /// Ends a job that cannot be finished; workers stop computing its shards.
    package mutating func jobFailed(_ id: JobID, message: String) -> [SchedulerAction] {
        switch jobs[id]?.state {
        case .running, .paused, .publishing: break
        case .done, .failed, .cancelling, .cancelled, nil: return []
        }
        jobs[id]?.state = .failed(message)
        runningJobs.removeAll { $0 == id }
        return endShards(of: id) + [.recordFailure(id, message: message)]
    }

    /// Asks for the output once every record has a durable answer, and not too many are errors.
    mutating func publishIfComplete(_ id: JobID) -> [SchedulerAction] {
        let pause = pauseIfOverBudget(id)
        guard pause.isEmpty else { return pause }
        guard let job = jobs[id], job.state == .running, job.isComplete else { return [] }
        jobs[id]?.state = .publishing
        runningJobs.removeAll { $0 == id }
        return [.publish(id)]
    }
}
