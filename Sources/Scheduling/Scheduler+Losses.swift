/// Workers that die, hang or fail, and the shards that are to blame.
///
/// A shard is blamed only for what happened while it was computed. One that is blamed often enough,
/// on more than one machine where there are several, is split in two; a half needs one strike only
/// to be split again. So a record that kills its workers is alone after as many strikes as its
/// shard's records have binary digits, and gets an error answer.
extension Scheduler {
    /// Expires all leases of a worker that fell silent; a late result may still count.
    package mutating func workerLost(_ session: SessionID) {
        forget(session, blamedAfter: limits.strikeGrace)
    }

    /// Forgets a worker; what it was computing is blamed unless it comes back in time.
    mutating func forget(_ session: SessionID, blamedAfter grace: Duration?) {
        guard let worker = workers[session] else { return }
        // Who leaves in order blames nobody.
        let running = worker.state == .draining ? nil : lease(computedBy: worker)
        if let grace, let shard = running.flatMap({ leases[$0]?.shard }) {
            suspicions.append(
                Suspicion(
                    shard: shard,
                    session: session,
                    machine: worker.machine,
                    due: now.advanced(by: grace),
                    isDead: grace < limits.strikeGrace
                )
            )
        }
        update(session) { $0.creditTotal = 0 }
        countRefusals(of: worker, -1)
        workers[session] = nil
        ended.sessions.append(session)
        if sessions[worker.name] == session { sessions[worker.name] = nil }
        totalSlots -= worker.slots
        countWorkers(on: worker.machine, -1)
        machines[worker.machine]?.leases -= worker.leases.count
        for id in worker.leases where leases[id]?.state != .committing {
            leases[id]?.state = .expired
            leases[id]?.session = nil
            ended.expired.append(id)
            if let shard = leases[id]?.shard { makePending(shard) }
        }
    }

    /// The lease that a worker computes, as it takes them in turn; nil where it computes none.
    func lease(computedBy worker: WorkerView) -> LeaseID? {
        worker.leases.first { id in
            guard let lease = leases[id], lease.state == .active, lease.sentAt != nil else {
                return false
            }
            // All answers are made: they are on their way.
            let made = worker.progress[id]?.records ?? 0
            return made < range(of: lease.shard)?.recordCount ?? 0
        }
    }

    /// Takes note that a process lives that was given up: its death is nobody's fault.
    package mutating func sessionSpoke(_ session: SessionID) {
        suspicions.remove(of: session)
    }

    /// Holds against shards what their workers did not come back from.
    mutating func judgeSuspicions() -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for one in suspicions.takeDue(now: now) {
            actions += strike(
                one.shard,
                Strike(machine: one.machine, kind: .lost),
                "the worker on \(one.machine) was lost while it computed them",
                isCounted: one.isDead
            )
        }
        return actions
    }

    /// Holds the end of a lease against its shard.
    ///
    /// - Parameter isCounted: it may be one of those in a row that end a job.
    mutating func strike(
        _ id: ShardID,
        _ strike: Strike,
        _ message: String,
        isCounted: Bool = true
    ) -> [SchedulerAction] {
        guard jobs[id.job]?.isOpen == true, let shard = jobs[id.job]?.open[id.number],
            !shard.isSettling
        else { return [] }
        let inARow = (jobs[id.job]?.strikesInARow ?? 0) + (isCounted ? 1 : 0)
        jobs[id.job]?.strikesInARow = inARow
        jobs[id.job]?.update(id.number) { $0.strikes.append(strike) }
        blameMachine(strike.machine, for: id, shard)
        if isCounted, inARow >= limits.strikesInARowMax + 4 * totalSlots {
            let lines = "\(shard.range.firstLine + 1) to \(shard.range.endLine)"
            return jobFailed(
                id.job,
                message: "\(inARow) attempts in a row ended without an answer, the "
                    + "last at lines \(lines): \(message); look at the workers' messages, "
                    + "then run the same command again"
            )
        }
        return [.recordStrike(id, strike)] + judge(id)
    }

    /// Holds a failed attempt against the machine, too, unless the shard failed elsewhere as well.
    private mutating func blameMachine(_ name: String, for id: ShardID, _ shard: OpenShard) {
        let others = shard.strikes.map(\.machine).filter { $0 != name }
        guard others.isEmpty, !shard.isHalf else {
            // It is the shard's fault: nobody is to be sent away for it.
            for other in others + [name] { machines[other]?.forgive(id) }
            return
        }
        let window = limits.quarantineWindow
        // Others that were sent away themselves are no proof, and somebody must be left to work.
        let othersSucceed = machines.contains { other, machine in
            other != name && machine.isInGoodStanding
                && machine.lastCommit.map { now.since($0) <= window } ?? false
        }
        machines[name]?.failed(id, othersSucceed: othersSucceed, limits, now: now)
    }

    /// Whether a machine's shards failed so often of late that it gets none for a while.
    package func isQuarantined(_ machine: String) -> Bool {
        machines[machine]?.quarantinedUntil.map { now < $0 } ?? false
    }

    /// Has a shard split or given up that has failed often enough.
    mutating func judge(_ id: ShardID) -> [SchedulerAction] {
        guard let shard = jobs[id.job]?.open[id.number], !shard.isSettling, !isCommitting(id),
            isBeyondRetry(shard)
        else { return [] }
        var actions: [SchedulerAction] = []
        for lease in shard.leases { actions += revoke(lease) }
        jobs[id.job]?.unmakePending(id.number)
        jobs[id.job]?.update(id.number) { $0.isSettling = true }
        suspicions.removeAll { $0.shard == id }
        let isAlone = shard.range.recordCount <= 1
        return actions + [
            isAlone ? .giveUp(id, shard.range, shard.strikes) : .split(id, shard.range)
        ]
    }

    private func isBeyondRetry(_ shard: OpenShard) -> Bool {
        let count = shard.strikes.count
        if count >= limits.strikesMax { return true }
        let isAlone = shard.range.recordCount <= 1
        if shard.isHalf, !isAlone { return count >= 1 }
        let agreeing = Set(shard.strikes.map(\.machine))
        if agreeing.count >= 2 {
            return count >= (isAlone ? limits.strikesToGiveUp : limits.strikesToSplit)
        }
        let others = staffedMachines - agreeing.count { machines[$0]?.workers ?? 0 > 0 }
        return others == 0 && count >= limits.strikesOnOneMachine
    }

    // MARK: - Splitting

    /// Takes the halves into which a shard's lines were cut; they count once they are durable.
    package mutating func shardCut(_ id: ShardID, _ halves: [ShardRange]) -> [SchedulerAction] {
        guard jobs[id.job]?.isOpen == true, let shard = jobs[id.job]?.open[id.number],
            shard.isSettling
        else { return [] }
        precondition(
            halves.count > 1 && halves.first?.firstLine == shard.range.firstLine
                && halves.last?.endLine == shard.range.endLine
                && zip(halves, halves.dropFirst()).allSatisfy { $0.endLine == $1.firstLine },
            "the halves cover the lines of the whole"
        )
        return [.recordSplit(id, halves)]
    }

    /// Takes note that the halves are durable.
    package mutating func splitRecorded(_ id: ShardID, _ halves: [ShardRange]) {
        guard jobs[id.job]?.isOpen == true,
            jobs[id.job]?.remove(id.number) != nil
        else { return }
        for range in halves {
            jobs[id.job]?.add(OpenShard(range: range, isRecorded: true, isHalf: true))
            jobs[id.job]?.makePending(range.number)
        }
    }

    /// Takes the answer that stands for a record that was given up, under a lease of nobody.
    ///
    /// - Returns: the lease to commit it with; nil where the shard is not wanted any more.
    package mutating func answerMade(_ id: ShardID) -> LeaseID? {
        guard jobs[id.job]?.isOpen == true, let shard = jobs[id.job]?.open[id.number],
            shard.isSettling
        else { return nil }
        let lease = nextLease
        nextLease = LeaseID(lease.value + 1)
        leases[lease] = Lease(
            shard: id,
            worker: "",
            machine: nil,
            session: nil,
            attempt: shard.attempts + 1,
            state: .committing,
            sentAt: now
        )
        jobs[id.job]?.update(id.number) { $0.leases.append(lease) }
        return lease
    }
}
