extension Scheduler {
    /// Takes a complete and verified result; asks for it to be made durable if it may count.
    package mutating func resultReceived(
        _ session: SessionID,
        _ id: LeaseID
    ) -> [SchedulerAction] {
        // A late result counts for the worker that the lease was given to, in any of its lives.
        guard let lease = leases[id],
            lease.session == session || lease.state == .expired && isOf(lease.worker, session)
        else { return [.acknowledge(session, id, .leaseEnded)] }
        switch lease.state {
        case .committing:
            // The acknowledgement follows the disk.
            return []
        case .recording, .active, .expired, .orphaned:
            guard !isCommitting(lease.shard) else {
                return revokeQuietly(id) + [.acknowledge(session, id, .alreadyCommitted)]
            }
            leases[id]?.state = .committing
            leases[id]?.session = session
            jobs[lease.shard.job]?.pending.removeAll { $0 == lease.shard.number }
            return [.commitResult(id, lease.shard)]
        }
    }

    /// Takes note that a result is durable: its shard is done, and other leases of it are void.
    package mutating func resultCommitted(
        _ id: LeaseID,
        records: Int,
        failedRecords: Int,
        tokens: Int
    ) -> [SchedulerAction] {
        guard let lease = leases[id] else { return [] }
        let shardID = lease.shard
        guard var job = jobs.removeValue(forKey: shardID.job) else { return [] }
        guard let shard = job.open.removeValue(forKey: shardID.number) else {
            jobs[shardID.job] = job
            return []
        }
        job.progress.shards += 1
        job.progress.bytes += shard.range.byteCount
        job.progress.records += records
        job.progress.failedRecords += failedRecords
        job.progress.tokens += tokens
        job.pending.removeAll { $0 == shardID.number }
        jobs[shardID.job] = job
        var actions: [SchedulerAction] = []
        if let session = lease.session {
            workers[session]?.leases.removeAll { $0 == id }
            actions.append(.acknowledge(session, id, .committed))
        }
        leases[id] = nil
        for other in shard.leases where other != id { actions += revoke(other) }
        return actions + publishIfComplete(shardID.job)
    }

    /// Takes a worker's word that it cannot compute a job: it gets no more of it, others may.
    ///
    /// The job fails where nobody else is there to compute it.
    package mutating func jobRefused(
        _ session: SessionID,
        _ id: LeaseID,
        message: String
    ) -> [SchedulerAction] {
        guard let lease = leases[id], lease.session == session else { return [] }
        let job = lease.shard.job
        workers[session]?.refusedJobs.insert(job)
        close(id)
        guard workers.values.allSatisfy({ $0.refusedJobs.contains(job) }) else { return [] }
        return jobFailed(job, message: message)
    }

    /// Takes a worker's word that it could not compute a shard at all.
    package mutating func leaseFailed(
        _ session: SessionID,
        _ id: LeaseID,
        message: String
    ) -> [SchedulerAction] {
        guard let lease = leases[id], lease.session == session else { return [] }
        let shard = lease.shard
        jobs[shard.job]?.open[shard.number]?.failures += 1
        let failures = jobs[shard.job]?.open[shard.number]?.failures ?? 0
        close(id)
        guard failures >= limits.failuresMax else { return [] }
        return jobFailed(shard.job, message: message)
    }

    /// Ends a lease whose worker will not send a result, and puts its shard back in line.
    mutating func close(_ id: LeaseID) {
        guard let lease = leases[id], lease.state != .committing else { return }
        makePending(id)
        restoreCredit(of: lease)
        leases[id] = nil
        jobs[lease.shard.job]?.open[lease.shard.number]?.leases.removeAll { $0 == id }
        if let session = lease.session { workers[session]?.leases.removeAll { $0 == id } }
    }

    /// Puts a lease's shard back in line, unless it waits already or another lease works on it.
    mutating func makePending(_ id: LeaseID) {
        guard let lease = leases[id], let job = jobs[lease.shard.job] else { return }
        let number = lease.shard.number
        guard job.state == .running, let shard = job.open[number] else { return }
        let isWorkedOn = shard.leases.contains { other in
            guard other != id, let state = leases[other]?.state else { return false }
            return state != .expired
        }
        guard !isWorkedOn, !job.pending.contains(number) else { return }
        jobs[lease.shard.job]?.makePending(number)
    }

    /// Counts the loss of a worker against the shard that it was computing.
    mutating func countLoss(of id: LeaseID) -> [SchedulerAction] {
        guard let lease = leases[id] else { return [] }
        let shard = lease.shard
        jobs[shard.job]?.open[shard.number]?.losses += 1
        guard let open = jobs[shard.job]?.open[shard.number] else { return [] }
        guard open.losses >= limits.lossesMax else { return [] }
        let lines = "\(open.range.firstLine + 1) to \(open.range.firstLine + open.range.lineCount)"
        return jobFailed(
            shard.job,
            message: "\(open.losses) workers were lost while computing lines \(lines); "
                + "look at the workers' messages, or take these lines out of the input"
        )
    }

    /// Whether a session is one of this worker's; of a session that was lost the name is not kept.
    private func isOf(_ worker: String, _ session: SessionID) -> Bool {
        workers[session].map { $0.name == worker } ?? true
    }

    private func isCommitting(_ shard: ShardID) -> Bool {
        guard let open = jobs[shard.job]?.open[shard.number] else { return true }
        return open.leases.contains { leases[$0]?.state == .committing }
    }

    private mutating func revokeQuietly(_ id: LeaseID) -> [SchedulerAction] {
        _ = revoke(id)
        return []
    }
}
