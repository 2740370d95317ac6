/// Who gets what.
extension Scheduler {
    /// Gives waiting shards to workers with credit, and has new shards planned where too few wait.
    package mutating func dispatch(now: MonotonicTime) -> [SchedulerAction] {
        pass(to: now)
        var actions: [SchedulerAction] = []
        let grants = hasSpace ? takeGrants() : []
        if !grants.isEmpty { actions.append(.recordGrants(grants)) }
        if let plan = nextPlan() { actions.append(plan) }
        return actions
    }

    /// Takes in shards that the planner cut, and where it stopped.
    package mutating func shardsPlanned(
        _ id: JobID,
        _ ranges: [ShardRange],
        cursor: PlanningCursor
    ) -> [SchedulerAction] {
        guard jobs[id] != nil else { return [] }
        jobs[id]?.isPlanning = false
        // Not the job itself: a copy of it would be made whole when the first shard is added.
        guard jobs[id]?.isOpen == true, var line = jobs[id]?.cursor.line else { return [] }
        for range in ranges {
            precondition(range.firstLine == line, "every line belongs to one shard")
            line = range.endLine
            jobs[id]?.add(OpenShard(range: range))
            jobs[id]?.makePending(range.number)
        }
        precondition(cursor.line == line, "the cursor stands behind the last shard")
        jobs[id]?.cursor = cursor
        return publishIfComplete(id)
    }

    /// Takes note that grants are durable: now they may be sent.
    package mutating func grantsRecorded(_ ids: [LeaseID]) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for id in ids {
            guard let lease = leases[id], let session = lease.session else { continue }
            guard workers[session] != nil, let range = range(of: lease.shard) else { continue }
            if lease.state == .recording { leases[id]?.state = .active }
            let assignment = Assignment(
                lease: id,
                shard: lease.shard,
                session: session,
                attempt: lease.attempt,
                range: range
            )
            actions.append(.assign(assignment))
        }
        return actions
    }

    // MARK: - Grants

    /// One lease for each worker in turn, until credit or shards run out.
    private mutating func takeGrants() -> [Grant] {
        var grants: [Grant] = []
        var unserved: [SessionID] = []
        // Those that wait, of all jobs: each grant takes one of them.
        let pendingCount = runningJobs.reduce(0) { $0 + (jobs[$1]?.pendingCount ?? 0) }
        while grants.count < pendingCount, let session = line.popFirst() {
            workers[session]?.isInLine = false
            guard let worker = recipient(session) else { continue }
            if mayTake(worker), let grant = takeGrant(for: worker) {
                grants.append(grant)
            } else {
                unserved.append(session)
            }
        }
        for session in unserved { update(session) { _ in } }
        return grants
    }

    /// A worker with credit; nil where it has lost it.
    private func recipient(_ session: SessionID) -> Recipient? {
        guard let worker = workers[session], worker.freeCredit > 0 else { return nil }
        return Recipient(
            session: session,
            name: worker.name,
            machine: worker.machine,
            refusedJobs: worker.refusedJobs
        )
    }

    /// Whether the worker's host is in good standing, or no other is.
    private func mayTake(_ worker: Recipient) -> Bool {
        machines[worker.machine]?.mayTake(now: now) ?? true
            || !machines.values.contains(where: \.isInGoodStanding)
    }

    private mutating func takeGrant(for worker: Recipient) -> Grant? {
        for id in runningJobs where !worker.refusedJobs.contains(id) {
            guard let number = takePending(of: id, for: worker) else { continue }
            return lend(ShardID(job: id, number: number), to: worker)
        }
        return nil
    }

    private mutating func takePending(of job: JobID, for worker: Recipient) -> ShardNumber? {
        guard jobs[job]?.pendingCount ?? 0 > 0 else { return nil }
        let suitability = suitability(of: worker, for: job)
        return jobs[job]?.takePending { suitability.allows($0) } ?? nil
    }

    /// Whether one more shard may be computed by a second worker.
    var hasRoomForSecond: Bool {
        secondCount < max(1, totalSlots / limits.slotsPerSpeculation)
    }

    private func suitability(of worker: Recipient, for job: JobID) -> Suitability {
        Suitability(
            job: job,
            machine: worker.machine,
            mayBeSecond: hasRoomForSecond,
            leases: leases,
            machines: machines,
            suspicions: suspicions,
            now: now
        )
    }

    /// Gives a shard under a new lease.
    private mutating func lend(_ id: ShardID, to worker: Recipient) -> Grant? {
        guard let shard = jobs[id.job]?.open[id.number], let end = jobs[id.job]?.cursor
        else { return nil }
        let lease = nextLease
        nextLease = LeaseID(lease.value + 1)
        let isSecond = shard.leases.contains(where: isAtWork)
        leases[lease] = Lease(
            shard: id,
            worker: worker.name,
            machine: worker.machine,
            session: worker.session,
            attempt: shard.attempts + 1,
            state: .recording,
            isSecond: isSecond
        )
        if isSecond { secondCount += 1 }
        jobs[id.job]?.update(id.number) { shard in
            shard.attempts += 1
            shard.leases.append(lease)
            shard.isRecorded = true
        }
        machines[worker.machine]?.leases += 1
        let now = now
        update(worker.session) { worker in
            worker.grantedTotal += 1
            if worker.leases.isEmpty { worker.lastProgress = now }
            worker.leases.append(lease)
        }
        return Grant(
            lease: lease,
            shard: id,
            session: worker.session,
            worker: worker.name,
            attempt: shard.attempts + 1,
            newRange: shard.isRecorded ? nil : shard.range,
            cursor: shard.isRecorded ? nil : cursor(after: shard.range, end)
        )
    }

    /// The cursor that the ledger may hold once this shard has a row and the later ones have none.
    private func cursor(after range: ShardRange, _ end: PlanningCursor) -> PlanningCursor {
        if range.endLine == end.line { return end }
        return PlanningCursor(
            input: range.input,
            byteOffset: range.byteOffset + range.byteCount,
            line: range.endLine,
            isAtEnd: false
        )
    }

    // MARK: - Planning

    /// What to cut next: one shard for each slot ahead, so that the next credit finds it waiting.
    private mutating func nextPlan() -> SchedulerAction? {
        guard totalSlots > 0 else { return nil }
        var wanted = totalCredit + totalSlots
        for id in runningJobs {
            // What nobody here can compute shall not hold up the others.
            guard let job = jobs[id], !isRefused(id) else { continue }
            wanted -= job.pendingCount
            guard wanted > 0, !job.isPlanning else { return nil }
            guard !job.cursor.isAtEnd else { continue }
            let bytes = shardBytes(of: job)
            // One request shall not keep the input from those that wait for their shards.
            let count = min(wanted, max(1, limits.planBytesMax / bytes))
            let action = SchedulerAction.plan(
                id,
                from: job.cursor,
                count: count,
                targetBytes: bytes
            )
            jobs[id]?.isPlanning = true
            return action
        }
        return nil
    }

    /// How much input a shard should hold: so much that every slot still gets a fair number.
    private func shardBytes(of job: Job) -> Int {
        let remaining = max(0, job.inputBytes - job.progress.bytes - job.openBytes)
        let share = remaining / (totalSlots * limits.shardsPerSlotMin)
        return min(max(share, limits.shardBytesMin), limits.shardBytesMax)
    }
}

/// What a grant needs of its worker: the worker itself, held, would be copied when it is changed.
private struct Recipient {
    let session: SessionID
    let name: String
    let machine: String
    let refusedJobs: Set<JobID>
}

/// Which shards may be given to a worker, as things stand.
private struct Suitability {
    let job: JobID
    let machine: String
    /// Whether there is room for one more second lease.
    let mayBeSecond: Bool
    let leases: [LeaseID: Lease]
    let machines: [String: Machine]
    let suspicions: Suspicions
    let now: MonotonicTime

    func allows(_ shard: OpenShard) -> Bool {
        guard !looksGuilty(shard) else { return false }
        for id in shard.leases {
            guard let lease = leases[id], lease.state != .expired else { continue }
            // A second worker is there against a slow host, so that it is on another one.
            guard mayBeSecond, lease.machine != machine else { return false }
        }
        guard shard.isStruck(on: machine) else { return true }
        return !machines.contains { name, machine in
            machine.workers > 0 && machine.mayTake(now: now) && !shard.isStruck(on: name)
        }
    }

    /// Whether it is to be settled first what became of the worker that had the shard last.
    ///
    /// The first loss of a shard means little, and it is given anew at once. One that has cost
    /// workers before would cost another with each restart until the first is held against it.
    private func looksGuilty(_ shard: OpenShard) -> Bool {
        let isFirst = !shard.isHalf && shard.strikes.isEmpty
        // Most shards were never lost.
        guard !isFirst || shard.attempts > 1 else { return false }
        let count = suspicions.count(against: ShardID(job: job, number: shard.range.number))
        return count > (isFirst ? 1 : 0)
    }
}
