/// What comes of a lease.
extension Scheduler {
    /// Takes a complete and verified result; asks for it to be made durable if it may count.
    package mutating func resultReceived(
        _ session: SessionID,
        _ id: LeaseID
    ) -> [SchedulerAction] {
        // A late result counts for the worker that the lease was given to, in any of its lives.
        guard let lease = leases[id], mayDeliver(session, id) else {
            return [.acknowledge(session, id, .leaseEnded)]
        }
        // Whether it counts is known once the job's end is on the disk.
        guard jobs[lease.shard.job]?.state != .cancelling else { return [] }
        switch lease.state {
        case .committing:
            // The acknowledgement follows the disk.
            return []
        case .recording, .active, .expired, .orphaned:
            // While another result of the shard is on its way to the disk, this one may still be
            // needed: its worker keeps it, and is told to drop it once the other is durable.
            guard !isCommitting(lease.shard) else { return [] }
            leases[id]?.state = .committing
            leases[id]?.session = session
            // What a shard waited at its worker, or waits for the disk, is not its own time.
            let slots = workers[session]?.slots ?? 1
            let freed = workers[session]?.finishes.append(now, slots: slots) ?? nil
            leases[id]?.took = lease.sentAt.map { now.since(max($0, freed ?? $0)) }
            jobs[lease.shard.job]?.unmakePending(lease.shard.number)
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
        let job = lease.shard.job
        guard let shard = jobs[job]?.open[lease.shard.number] else { return [] }
        precondition(lease.state == .committing, "only what was asked for becomes durable")
        var actions: [SchedulerAction] = []
        for other in shard.leases where other != id { actions += revoke(other) }
        if let session = lease.session {
            actions.insert(.acknowledge(session, id, .committed), at: 0)
        }
        remove(id)
        _ = jobs[job]?.remove(lease.shard.number)
        jobs[job]?.progress.shards += 1
        jobs[job]?.progress.bytes += shard.range.byteCount
        jobs[job]?.progress.records += records
        jobs[job]?.progress.failedRecords += failedRecords
        jobs[job]?.progress.tokens += tokens
        if let took = lease.took, let machine = lease.machine {
            jobs[job]?.strikesInARow = 0
            jobs[job]?.pace.take(took, records: shard.range.recordCount)
            machines[machine]?.committed(now: now)
        }
        return actions + publishIfComplete(job)
    }

    /// Takes a worker's word that it cannot compute a job: it gets no more of it, others may.
    ///
    /// Where nobody else is there to compute it, the job fails if nobody comes in time.
    package mutating func jobRefused(
        _ session: SessionID,
        _ id: LeaseID,
        message: String
    ) -> [SchedulerAction] {
        guard let lease = leases[id], lease.session == session else { return [] }
        let job = lease.shard.job
        if workers[session]?.refusedJobs.insert(job).inserted == true { jobs[job]?.refusals += 1 }
        jobs[job]?.refusal = message
        close(id)
        return jobs[job]?.state == .running ? failIfRefused(job) : []
    }

    /// Ends a job that none of the workers who are there can compute; others have time to come.
    mutating func failIfRefused(_ id: JobID) -> [SchedulerAction] {
        guard isRefused(id), let job = jobs[id] else {
            jobs[id]?.refusedSince = nil
            return []
        }
        let since = job.refusedSince ?? now
        jobs[id]?.refusedSince = since
        return now.since(since) >= limits.refusalGrace ? jobFailed(id, message: job.refusal) : []
    }

    /// Whether there are workers, and none of them can compute a job.
    func isRefused(_ id: JobID) -> Bool {
        guard let refusals = jobs[id]?.refusals else { return false }
        return refusals > 0 && refusals >= workers.count
    }

    /// Keeps the jobs' counts of workers that refuse them, as one comes or goes.
    mutating func countRefusals(of worker: WorkerView, _ change: Int) {
        for job in worker.refusedJobs { jobs[job]?.refusals += change }
    }

    /// Takes a worker's word that it could not compute a shard at all.
    package mutating func leaseFailed(
        _ session: SessionID,
        _ id: LeaseID,
        message: String
    ) -> [SchedulerAction] {
        guard let lease = leases[id], lease.session == session, lease.state != .committing,
            let machine = lease.machine
        else { return [] }
        close(id)
        return strike(lease.shard, Strike(machine: machine, kind: .failed), message)
    }

    /// Whether a lease's result may come from a session.
    package func mayDeliver(_ session: SessionID, _ id: LeaseID) -> Bool {
        guard let lease = leases[id] else { return false }
        return lease.session == session || lease.state == .expired && isOf(lease.worker, session)
    }

    /// Whether a session is one of this worker's; of a session that was lost the name is not kept.
    private func isOf(_ worker: String, _ session: SessionID) -> Bool {
        workers[session].map { $0.name == worker } ?? true
    }

    /// Whether a lease's result is on its way to the disk.
    package func isCommitting(_ lease: LeaseID) -> Bool {
        leases[lease]?.state == .committing
    }

    func isCommitting(_ shard: ShardID) -> Bool {
        guard let open = jobs[shard.job]?.open[shard.number] else { return true }
        return open.leases.contains { leases[$0]?.state == .committing }
    }
}
