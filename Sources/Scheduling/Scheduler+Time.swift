/// What time alone brings about.
extension Scheduler {
    /// How often the workers are looked at.
    private static let scanInterval = Duration.milliseconds(200)

    /// Lets time pass: silent workers lose their leases; what nobody came back for is given anew.
    package mutating func tick(now: MonotonicTime) -> [SchedulerAction] {
        pass(to: now)
        guard now.since(lastScan) >= Self.scanInterval else { return [] }
        lastScan = now
        var actions: [SchedulerAction] = []
        for session in conspicuousWorkers { actions += look(at: session) }
        actions += judgeSuspicions()
        if let deadline = readoptionDeadline, now >= deadline {
            readoptionDeadline = nil
            orphans = [:]
            for id in leases.keys.sorted() where leases[id]?.state == .orphaned { close(id) }
            for job in jobOrder where jobs[job]?.isOpen == true {
                actions += judgeRecovered(job)
            }
        }
        for job in runningJobs { actions += failIfRefused(job) }
        lookForStragglers()
        return actions
    }

    /// Takes note of a moment, before all else that is told with it.
    ///
    /// The loop tells the time with each message and at the end of each turn. Where it did not for
    /// a while it stood still itself: that is nobody's silence, and what waited meanwhile is to be
    /// judged as if it had been heard when it came.
    mutating func pass(to moment: MonotonicTime) {
        let gap = moment.since(now)
        now = max(now, moment)
        guard gap > limits.loopGap else { return }
        for session in Array(workers.keys) { workers[session]?.forgive(gap, now: now) }
        for (id, lease) in leases {
            leases[id]?.sentAt = lease.sentAt.map { min($0.advanced(by: gap), now) }
        }
        for job in jobOrder {
            if let since = jobs[job]?.refusedSince {
                jobs[job]?.refusedSince = since.advanced(by: gap)
            }
        }
        readoptionDeadline = readoptionDeadline?.advanced(by: gap)
        suspicions.postpone(by: gap)
    }

    /// Workers at which there may be something to see, in the order of their greeting.
    ///
    /// All but very few are passed over with a glance: there may be ten thousand.
    private var conspicuousWorkers: [SessionID] {
        let silence = min(limits.suspectAfter, limits.deadAfter)
        let found = workers.values.filter { worker in
            now.since(worker.lastSeen) > silence || worker.state == .stalled
                || now.since(worker.lastProgress) > limits.stallAfter
                || worker.leases.first.map(isOld) ?? false
        }
        return found.sorted { $0.generation < $1.generation }.map(\.session)
    }

    private func isOld(_ id: LeaseID) -> Bool {
        leases[id]?.sentAt.map { now.since($0) > limits.leaseMax } ?? false
    }

    private mutating func look(at session: SessionID) -> [SchedulerAction] {
        guard let worker = workers[session] else { return [] }
        let silence = now.since(worker.lastSeen)
        if silence > limits.deadAfter {
            workerLost(session)
            return []
        }
        if silence > limits.suspectAfter {
            if worker.state == .active { update(session) { $0.state = .suspect } }
            return []
        }
        if worker.state == .stalled, worker.leases.isEmpty,
            now.since(worker.lastProgress) > limits.stalledPause
        {
            // It has nothing to get on with: only work can show whether it does.
            update(session) { $0.state = .active }
        }
        return isHung(worker).map { giveUp($0, of: worker) } ?? []
    }

    /// The lease of a worker that has stopped to get on; nil while all is well.
    private func isHung(_ worker: WorkerView) -> LeaseID? {
        // Without room results wait, and that is no hang.
        guard hasSpace, let id = worker.leases.first(where: { leases[$0]?.state == .active }),
            let lease = leases[id], let sentAt = lease.sentAt,
            let job = jobs[lease.shard.job], let shard = job.open[lease.shard.number]
        else { return nil }
        // Nor is what waited behind a result that found no room.
        let sent = max(sentAt, worker.refusedAt ?? sentAt)
        let each = job.pace.secondsPerRecord
        let stall = max(limits.stallAfter, .seconds(limits.stallRecords * each))
        let expected = each * Double(shard.range.recordCount)
        let longest = max(limits.leaseMax, .seconds(limits.leaseFactor * expected))
        let isStalled = now.since(worker.lastProgress) > stall && now.since(sent) > stall
        return isStalled || now.since(sent) > longest ? id : nil
    }

    /// Takes a shard from a worker that hangs, and gives it no more until it gets on.
    private mutating func giveUp(_ id: LeaseID, of worker: WorkerView) -> [SchedulerAction] {
        guard let lease = leases[id] else { return [] }
        var actions: [SchedulerAction] = []
        // Those behind it cannot be begun, and are not to blame.
        for other in worker.leases where leases[other]?.state != .committing {
            close(other)
            actions.append(.cancel(worker.session, other))
        }
        let now = now
        update(worker.session) { worker in
            worker.lastProgress = now
            if worker.state == .active { worker.state = .stalled }
        }
        return actions
            + strike(
                lease.shard,
                Strike(machine: worker.machine, kind: .hung),
                "the worker on \(worker.machine) did not get on with them"
            )
    }

    /// At a job's end, puts shards in line again whose workers take much longer than usual.
    private mutating func lookForStragglers() {
        var room = max(1, totalSlots / limits.slotsPerSpeculation) - secondCount
        for id in runningJobs where room > 0 {
            for number in stragglers(of: id).prefix(room) {
                jobs[id]?.makePending(number)
                room -= 1
            }
        }
    }

    /// Shards of a job near its end of which one worker alone takes too long, in order.
    private func stragglers(of id: JobID) -> [ShardNumber] {
        guard let job = jobs[id], job.cursor.isAtEnd, !job.isPlanning,
            job.pendingCount == 0, !job.open.isEmpty, job.progress.shards >= 9 * job.open.count,
            let median = job.pace.median
        else { return [] }
        let late = max(limits.speculateAfter, median * limits.speculateFactor)
        let found = job.open.values.filter { shard in
            guard !shard.isSettling, let only = shard.leases.first(where: isAtWork),
                shard.leases.allSatisfy({ $0 == only || !isAtWork($0) }),
                let lease = leases[only], lease.state == .active, let sent = lease.sentAt
            else { return false }
            return now.since(sent) > late
        }
        return found.map(\.range.number).sorted()
    }
}
