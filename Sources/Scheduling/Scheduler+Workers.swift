/// What a worker says of itself when it greets.
package struct Greeting: Sendable {
    /// The process that greets; the same one greets again after a reconnection.
    package let session: SessionID
    /// Its name; a newer session of a name fences the older.
    package let name: String
    /// Shards that it computes at once.
    package let slots: Int
    /// Leases that it holds, running or with a result that waits for its acknowledgement.
    package let held: [LeaseID]

    /// Takes a worker's own words; leases that it holds in vain are sorted out later.
    package init(session: SessionID, name: String, slots: Int, held: [LeaseID]) {
        self.session = session
        self.name = name
        self.slots = slots
        self.held = held
    }
}

extension Scheduler {
    /// Admits a worker, new or back, and settles what becomes of the leases of its name.
    package mutating func workerGreeted(
        _ greeting: Greeting,
        now: MonotonicTime
    ) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        let namesakes = workerOrder.filter { workers[$0]?.name == greeting.name }
        for session in namesakes where session != greeting.session {
            actions.append(.fence(session))
            actions += workerLost(session)
        }
        let previous = workers[greeting.session]
        if previous == nil { workerOrder.append(greeting.session) }
        let keep = greeting.held.filter { isWanted($0, by: greeting) }.sorted()
        let drop = greeting.held.filter { !keep.contains($0) }.sorted()
        let generation = nextGeneration
        nextGeneration += 1
        var worker = WorkerView(
            session: greeting.session,
            name: greeting.name,
            generation: generation,
            slots: greeting.slots,
            lastSeen: now
        )
        // A greeting starts the count of credit anew, from what the worker holds.
        worker.grantedTotal = 0
        worker.leases = keep
        workers[greeting.session] = worker
        for lease in keep {
            leases[lease]?.session = greeting.session
            if leases[lease]?.state != .committing { leases[lease]?.state = .active }
            if let shard = leases[lease]?.shard {
                jobs[shard.job]?.pending.removeAll { $0 == shard.number }
            }
        }
        releaseAbandoned(by: greeting, keeping: keep)
        actions.append(
            .welcome(
                greeting.session,
                WelcomeDecision(generation: generation, keep: keep, drop: drop)
            )
        )
        return actions
    }

    /// Takes a worker's absolute count of leases that it ever asked for in this session.
    package mutating func creditGiven(_ session: SessionID, total: UInt64) {
        guard let current = workers[session]?.creditTotal else { return }
        workers[session]?.creditTotal = max(current, total)
    }

    /// Takes a sign of life, and cancels leases that the worker holds in vain.
    package mutating func heartbeat(
        _ session: SessionID,
        progress: [LeaseProgress],
        isDraining: Bool,
        now: MonotonicTime
    ) -> [LeaseID] {
        guard workers[session] != nil else { return [] }
        workerSeen(session, now: now)
        workers[session]?.progress = progress
        if isDraining { workers[session]?.state = .draining }
        return progress.map(\.lease).filter { leases[$0]?.session != session }
    }

    /// Takes any message as a sign of life.
    package mutating func workerSeen(_ session: SessionID, now: MonotonicTime) {
        workers[session]?.lastSeen = now
        if workers[session]?.state == .suspect { workers[session]?.state = .active }
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
        forget(session)
    }

    /// Takes note that a lease's message is on its way to its worker.
    package mutating func assignmentSent(_ lease: LeaseID) {
        leases[lease]?.isSent = true
    }

    /// Takes back a lease whose message, or the rest of its input, could not be sent.
    ///
    /// - Parameter wasReceived: the worker has the lease's first message, and counts it as given.
    package mutating func assignmentUnsent(_ lease: LeaseID, wasReceived: Bool) {
        leases[lease]?.isSent = wasReceived
        close(lease)
    }

    /// Lets time pass: silent workers lose their leases; what nobody came back for is given anew.
    package mutating func tick(now: MonotonicTime) -> [SchedulerAction] {
        forgivePause(now: now)
        var actions: [SchedulerAction] = []
        for session in workerOrder {
            guard let worker = workers[session] else { continue }
            let silence = now.since(worker.lastSeen)
            if silence > limits.deadAfter {
                actions += workerLost(session)
            } else if silence > limits.suspectAfter, worker.state == .active {
                workers[session]?.state = .suspect
            }
        }
        if now >= readoptionDeadline {
            for id in leases.keys.sorted() where leases[id]?.state == .orphaned { close(id) }
        }
        return actions
    }

    /// Expires all leases of a worker that fell silent; a late result may still count.
    package mutating func workerLost(_ session: SessionID) -> [SchedulerAction] {
        guard let worker = workers[session] else { return [] }
        // A worker computes its leases in turn: only the first can be to blame.
        let running = worker.leases.first { leases[$0]?.state == .active }
        forget(session)
        return running.map { countLoss(of: $0) } ?? []
    }

    /// The loop itself stood still: that is nobody's silence.
    private mutating func forgivePause(now: MonotonicTime) {
        let gap = now.since(lastTick)
        lastTick = now
        guard gap > limits.loopGap else { return }
        for session in workerOrder {
            guard let seen = workers[session]?.lastSeen else { continue }
            workers[session]?.lastSeen = min(seen.advanced(by: gap), now)
        }
    }

    /// Whether a lease that a worker says it holds may go on.
    private func isWanted(_ id: LeaseID, by greeting: Greeting) -> Bool {
        guard let lease = leases[id], lease.worker == greeting.name else { return false }
        return lease.session == nil || lease.session == greeting.session
            || lease.state == .expired
    }

    /// Gives anew what a worker of this name once had and does not hold any more.
    private mutating func releaseAbandoned(by greeting: Greeting, keeping keep: [LeaseID]) {
        for id in leases.keys.sorted() where !keep.contains(id) {
            guard let lease = leases[id], lease.worker == greeting.name else { continue }
            // A result on its way to the disk needs its worker no more.
            if lease.state == .committing || lease.state == .expired { continue }
            close(id)
        }
    }

    private mutating func forget(_ session: SessionID) {
        guard let worker = workers.removeValue(forKey: session) else { return }
        workerOrder.removeAll { $0 == session }
        for id in worker.leases where leases[id]?.state != .committing {
            leases[id]?.state = .expired
            leases[id]?.session = nil
            makePending(id)
        }
    }
}
