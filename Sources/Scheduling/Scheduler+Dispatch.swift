extension Scheduler {
    /// Gives waiting shards to workers with credit, and has new shards planned where too few wait.
    package mutating func dispatch() -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        let grants = takeGrants()
        if !grants.isEmpty { actions.append(.recordGrants(grants)) }
        let credit = workerOrder.reduce(0) { $0 + (workers[$1]?.freeCredit ?? 0) }
        let slots = workerOrder.reduce(0) { $0 + (workers[$1]?.slots ?? 0) }
        guard slots > 0 else { return actions }
        // One shard for each slot is planned ahead, so that the next credit finds it waiting.
        var wanted = credit + slots
        for id in jobOrder {
            guard let job = jobs[id], job.state == .running else { continue }
            wanted -= job.pending.count
            guard wanted > 0 else { break }
            if job.isPlanning { break }
            guard !job.cursor.isAtEnd else { continue }
            jobs[id]?.isPlanning = true
            let target = shardBytes(of: job, slots: slots)
            actions.append(.plan(id, from: job.cursor, count: wanted, targetBytes: target))
            break
        }
        return actions
    }

    /// Takes in shards that the planner cut, and where it stopped.
    package mutating func shardsPlanned(
        _ id: JobID,
        _ ranges: [ShardRange],
        cursor: PlanningCursor
    ) -> [SchedulerAction] {
        guard var job = jobs.removeValue(forKey: id) else { return [] }
        job.isPlanning = false
        if job.state == .running {
            precondition(
                cursor.shard.value == job.cursor.shard.value + ranges.count,
                "the planner numbers shards without a gap"
            )
            for (offset, range) in ranges.enumerated() {
                let number = ShardNumber(job.cursor.shard.value + offset)
                job.open[number] = OpenShard(range: range, attempts: 0, isRecorded: false)
                job.pending.append(number)
            }
            job.cursor = cursor
        }
        jobs[id] = job
        return publishIfComplete(id)
    }

    /// Takes note that grants are durable: now they may be sent.
    package mutating func grantsRecorded(_ ids: [LeaseID]) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for id in ids {
            guard let lease = leases[id], let session = lease.session else { continue }
            guard workers[session] != nil, let range = range(of: lease.shard) else { continue }
            leases[id]?.state = .active
            actions.append(
                .assign(
                    Assignment(
                        lease: id,
                        shard: lease.shard,
                        session: session,
                        attempt: lease.attempt,
                        range: range
                    )
                )
            )
        }
        return actions
    }

    /// One lease for each worker in turn, until credit or shards run out.
    private mutating func takeGrants() -> [Grant] {
        var grants: [Grant] = []
        var gave = true
        while gave {
            gave = false
            for session in workerOrder where (workers[session]?.freeCredit ?? 0) > 0 {
                guard let grant = takeGrant(for: session) else { continue }
                grants.append(grant)
                gave = true
            }
        }
        return grants
    }

    private mutating func takeGrant(for session: SessionID) -> Grant? {
        guard let worker = workers[session] else { return nil }
        for id in jobOrder {
            guard var job = jobs[id], job.state == .running, !job.pending.isEmpty else { continue }
            if worker.refusedJobs.contains(id) { continue }
            jobs[id] = nil
            defer { jobs[id] = job }
            let number = job.pending.removeFirst()
            guard var shard = job.open.removeValue(forKey: number) else { continue }
            let lease = nextLease
            nextLease = LeaseID(lease.value + 1)
            shard.attempts += 1
            shard.leases.append(lease)
            let isNew = !shard.isRecorded
            shard.isRecorded = true
            job.open[number] = shard
            let shardID = ShardID(job: id, number: number)
            leases[lease] = Lease(
                shard: shardID,
                worker: worker.name,
                session: session,
                attempt: shard.attempts,
                state: .recording
            )
            workers[session]?.grantedTotal += 1
            workers[session]?.leases.append(lease)
            return Grant(
                lease: lease,
                shard: shardID,
                session: session,
                worker: worker.name,
                attempt: shard.attempts,
                newRange: isNew ? shard.range : nil,
                cursor: isNew ? cursor(after: number, shard.range, of: job) : nil
            )
        }
        return nil
    }

    /// The cursor that the ledger may hold once this shard has a row and the later ones have none.
    private func cursor(
        after number: ShardNumber,
        _ range: ShardRange,
        of job: Job
    ) -> PlanningCursor {
        let next = ShardNumber(number.value + 1)
        if next == job.cursor.shard { return job.cursor }
        return PlanningCursor(
            input: range.input,
            byteOffset: range.byteOffset + range.byteCount,
            line: range.firstLine + range.lineCount,
            shard: next,
            isAtEnd: false
        )
    }

    /// How much input a shard should hold: so much that every slot still gets a fair number.
    private func shardBytes(of job: Job, slots: Int) -> Int {
        let planned = job.progress.bytes + job.open.values.reduce(0) { $0 + $1.range.byteCount }
        let remaining = max(0, job.inputBytes - planned)
        let share = remaining / (slots * limits.shardsPerSlotMin)
        return min(max(share, limits.shardBytesMin), limits.shardBytesMax)
    }
}
