/// What comes of a lease.
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
                _ = revoke(id)
                return [.acknowledge(session, id, .alreadyCommitted)]
            }
            leases[id]?.state = .committing
            leases[id]?.session = session
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
        suspicions.removeAll { $0.shard == lease.shard }
        jobs[job]?.progress.shards += 1
        jobs[job]?.progress.bytes += shard.range.byteCount
        jobs[job]?.progress.records += records
        jobs[job]?.progress.failedRecords += failedRecords
        jobs[job]?.progress.tokens += tokens
        if let sent = lease.sentAt, !lease.machine.isEmpty {
            jobs[job]?.strikesInARow = 0
            jobs[job]?.pace.take(now.since(sent), records: shard.range.recordCount)
            machines[lease.machine]?.committed(now: now)
        }
        return actions + publishIfComplete(job)
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
        guard let lease = leases[id], lease.session == session, lease.state != .committing
        else { return [] }
        close(id)
        return strike(lease.shard, Strike(machine: lease.machine, kind: .failed), message)
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
