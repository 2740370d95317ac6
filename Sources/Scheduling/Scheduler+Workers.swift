/// What a worker says of itself when it greets.
package struct Greeting: Sendable {
    /// The process that greets; the same one greets again after a reconnection.
    package let session: SessionID
    /// Its name; a newer session of a name fences the older.
    package let name: String
    /// The host that it runs on.
    package let machine: String
    /// Shards that it computes at once.
    package let slots: Int
    /// Leases that it holds, running or with a result that waits for its acknowledgement.
    package let held: [LeaseID]

    /// Takes a worker's own words; leases that it holds in vain are sorted out later.
    package init(
        session: SessionID,
        name: String,
        machine: String,
        slots: Int,
        held: [LeaseID]
    ) {
        self.session = session
        self.name = name
        self.machine = machine
        self.slots = slots
        self.held = held
    }
}

/// Workers: how they come, speak and leave.
extension Scheduler {
    /// Admits a worker, new or back, and settles what becomes of the leases of its name.
    package mutating func workerGreeted(
        _ greeting: Greeting,
        now: MonotonicTime
    ) -> [SchedulerAction] {
        pass(to: now)
        // Fenced or not, it lives: its death is not to be blamed on a shard.
        sessionSpoke(greeting.session)
        if fenced.contains(greeting.session) { return [.fence(greeting.session)] }
        var actions: [SchedulerAction] = []
        if let namesake = sessions[greeting.name], namesake != greeting.session {
            actions.append(.fence(namesake))
            fence(namesake)
        }
        let wanted = Set(greeting.held).filter { isWanted($0, by: greeting) }
        let keep = wanted.sorted()
        let drop = greeting.held.filter { !wanted.contains($0) }.sorted()
        let generation = nextGeneration
        nextGeneration += 1
        let former = workers[greeting.session]?.leases ?? []
        enter(greeting, keep, generation)
        for lease in keep { takeUp(lease, greeting.session) }
        let orphans = orphans.removeValue(forKey: greeting.name) ?? []
        // What a worker of this name once had and does not hold any more is given anew; a result on
        // its way to the disk needs its worker no more.
        for id in (former + orphans).sorted() where !wanted.contains(id) {
            if leases[id]?.state != .expired { close(id) }
        }
        let decision = WelcomeDecision(generation: generation, keep: keep, drop: drop)
        return actions + [.welcome(greeting.session, decision)]
    }

    /// Takes a worker's absolute count of leases that it ever asked for in this session.
    package mutating func creditGiven(_ session: SessionID, total: UInt64) {
        update(session) { $0.creditTotal = max($0.creditTotal, total) }
    }

    /// Takes a sign of life, and settles what the two sides believe of each other.
    ///
    /// Leases that the worker does not name, though it was sent them a while ago, have not reached
    /// it: they are given anew. One that it names after all is its own again.
    ///
    /// - Returns: leases that it holds in vain, and what is to be told to others.
    package mutating func heartbeat(
        _ session: SessionID,
        progress: [LeaseProgress],
        isDraining: Bool,
        now: MonotonicTime
    ) -> (inVain: [LeaseID], actions: [SchedulerAction]) {
        guard workers[session] != nil else { return ([], []) }
        workerSeen(session, now: now)
        let told = ProgressList(progress)
        update(session) { worker in
            if worker.take(told) {
                worker.lastProgress = now
                if worker.state == .stalled { worker.state = .active }
            }
            if isDraining { worker.state = .draining }
        }
        closeLost(by: session, named: told)
        var actions: [SchedulerAction] = []
        for entry in told.entries { actions += takeUpLate(entry.lease, session) }
        let inVain = progress.map(\.lease).filter { id in
            guard let lease = leases[id] else { return true }
            guard lease.session != session else { return false }
            // It may still be needed while the disk has not taken the other result.
            return !(mayDeliver(session, id) && isCommitting(lease.shard))
        }
        return (inVain, actions)
    }

    private mutating func closeLost(by session: SessionID, named: ProgressList) {
        guard let held = workers[session]?.leases else { return }
        for id in held where leases[id]?.state == .active {
            guard let sent = leases[id]?.sentAt, now.since(sent) > limits.deliveryMax,
                named[id] == nil
            else { continue }
            // It may be under way still, on a slow link: a late result counts.
            expire(id)
        }
    }

    /// Goes on with a lease that was given up and that its worker has.
    ///
    /// Others that got the shard meanwhile and do not have it yet shall not begin. Where one has
    /// it, this is a second worker, and both go on as far as there is room for such.
    private mutating func takeUpLate(_ id: LeaseID, _ session: SessionID) -> [SchedulerAction] {
        guard let lease = leases[id], lease.state == .expired, let worker = workers[session],
            lease.worker == worker.name, let job = jobs[lease.shard.job], job.isOpen,
            let shard = job.open[lease.shard.number], !isCommitting(lease.shard)
        else { return [] }
        var actions: [SchedulerAction] = []
        var rivals: [Lease] = []
        for other in shard.leases where isAtWork(other) {
            guard let rival = leases[other] else { continue }
            let holder = rival.session.flatMap { workers[$0] }
            if rival.session == session || holder?.progress[other] == nil {
                actions += revoke(other)
            } else {
                rivals.append(rival)
            }
        }
        if !rivals.isEmpty, !lease.isSecond {
            guard hasRoomForSecond, rivals.allSatisfy({ $0.machine != worker.machine })
            else { return actions }
            leases[id]?.isSecond = true
            secondCount += 1
        }
        takeUp(id, session)
        bind(id, session)
        return actions
    }

    /// Takes any message as a sign of life.
    package mutating func workerSeen(_ session: SessionID, now: MonotonicTime) {
        pass(to: now)
        workers[session]?.lastSeen = now
        if workers[session]?.state == .suspect { update(session) { $0.state = .active } }
    }

    /// Takes note that a worker's result comes in, or would if there were room.
    package mutating func resultArriving(_ session: SessionID) {
        workers[session]?.lastProgress = now
    }

    /// Takes leases back from a worker that gives them up; nobody is to blame.
    package mutating func leasesReleased(_ session: SessionID, _ ids: [LeaseID]) {
        for id in ids where leases[id]?.session == session {
            close(id)
        }
    }

    /// Forgets a worker that said goodbye; its leases go to others.
    package mutating func workerLeft(_ session: SessionID) {
        guard let worker = workers[session] else { return }
        for lease in worker.leases { close(lease) }
        forget(session, blamedAfter: nil)
    }

    /// Takes note that a lease's message is on its way to its worker.
    package mutating func assignmentSent(_ lease: LeaseID) {
        leases[lease]?.sentAt = now
    }

    /// Takes back a lease whose message, or the rest of its input, could not be sent.
    ///
    /// - Parameter wasReceived: the worker has the lease's first message, and counts it as given.
    package mutating func assignmentUnsent(_ lease: LeaseID, wasReceived: Bool) {
        if !wasReceived { leases[lease]?.sentAt = nil }
        // Whoever cannot be reached gets no more until it speaks: leases would go round and round.
        if let session = leases[lease]?.session, workers[session]?.state == .active {
            update(session) { $0.state = .suspect }
        }
        close(lease)
    }

    /// Whether a newer process has taken the session's name.
    package func isFenced(_ session: SessionID) -> Bool { fenced.contains(session) }

    // MARK: - Parts of a greeting

    /// Sessions that are remembered as fenced.
    private static let fencedMax = 256

    private mutating func fence(_ session: SessionID) {
        forget(session, blamedAfter: limits.cloneGrace)
        fenced.append(session)
        if fenced.count > Self.fencedMax { fenced.removeFirst() }
    }

    /// Makes a known worker of a greeting; its count of credit starts anew.
    private mutating func enter(_ greeting: Greeting, _ held: [LeaseID], _ generation: UInt64) {
        if let previous = workers[greeting.session] {
            totalCredit -= previous.freeCredit
            totalSlots -= previous.slots
            countWorkers(on: previous.machine, -1)
            machines[previous.machine]?.leases -= previous.leases.count
            countRefusals(of: previous, -1)
        }
        var worker = WorkerView(
            session: greeting.session,
            name: greeting.name,
            machine: greeting.machine,
            generation: generation,
            slots: greeting.slots,
            lastSeen: now,
            lastProgress: now
        )
        worker.leases = held
        // It may stand in the line still, and must not twice.
        worker.isInLine = workers[greeting.session]?.isInLine ?? false
        workers[greeting.session] = worker
        sessions[greeting.name] = greeting.session
        totalSlots += worker.slots
        countWorkers(on: worker.machine, 1)
        machines[worker.machine]?.leases += held.count
    }

    /// Goes on with a lease that a worker holds.
    private mutating func takeUp(_ id: LeaseID, _ session: SessionID) {
        guard let shard = leases[id]?.shard else { return }
        leases[id]?.session = session
        leases[id]?.machine = workers[session]?.machine
        if leases[id]?.state != .committing { leases[id]?.state = .active }
        if leases[id]?.sentAt == nil { leases[id]?.sentAt = now }
        jobs[shard.job]?.unmakePending(shard.number)
    }

    /// Whether a lease that a worker says it holds may go on.
    private func isWanted(_ id: LeaseID, by greeting: Greeting) -> Bool {
        guard let lease = leases[id], lease.worker == greeting.name else { return false }
        return lease.session == nil || lease.session == greeting.session
            || lease.state == .expired
    }

}
