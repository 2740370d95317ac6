/// Decides which worker computes which shard, and which result counts.
///
/// A pure state machine: it does no I/O, reads no clock and draws no random number. The thread that
/// owns the sockets feeds it events, one at a time, and carries out the actions that it returns.
/// After a batch of events that thread calls `dispatch`, which gives out work.
package struct Scheduler: Sendable {
    /// Fixed for this life of the coordinator.
    package let limits: SchedulerLimits
    /// Jobs that were opened in this life and are not forgotten yet.
    package internal(set) var jobs: [JobID: Job] = [:]
    /// Jobs in the order in which they came: the first with a shard to give is served first.
    package internal(set) var jobOrder: [JobID] = []
    /// Those of them that have shards to be computed.
    var runningJobs: [JobID] = []
    /// Workers that greeted and were not lost; each has one session.
    package internal(set) var workers: [SessionID: WorkerView] = [:]
    /// Their sessions by their names.
    var sessions: [String: SessionID] = [:]
    /// Leases of an earlier life that nobody has taken up, by the names of their workers.
    var orphans: [String: [LeaseID]] = [:]
    /// Hosts of workers, those that have none now included.
    var machines: [String: Machine] = [:]
    /// How many of them have workers.
    var staffedMachines = 0
    /// Whether there is room on the disk: without it nothing new is promised.
    package internal(set) var hasSpace = true
    var leases: [LeaseID: Lease] = [:]
    var nextLease: LeaseID
    var nextGeneration: UInt64
    /// Workers with credit, some of which may have lost it again.
    var line = FIFOQueue<SessionID>()
    /// Sums over all workers.
    var totalSlots = 0
    var totalCredit = 0
    /// Leases that are the second of their shard.
    var secondCount = 0
    /// Leases of workers that were lost, before they are held against their shards.
    var suspicions = Suspicions()
    /// What has ended since somebody asked.
    var ended = Ended()
    /// Sessions that were fenced, the oldest first, as many as are remembered.
    var fenced: [SessionID] = []
    /// When leases of an earlier life are given up; nil once that is done.
    var readoptionDeadline: MonotonicTime?
    /// The last moment that was told.
    var now: MonotonicTime
    var lastScan: MonotonicTime

    /// Starts with no job and no worker.
    ///
    /// - Parameters:
    ///   - epoch: counts the lives of this coordinator; generations of workers rise with it.
    ///   - nextLease: above every lease that was ever durable.
    package init(
        limits: SchedulerLimits,
        epoch: UInt64,
        nextLease: LeaseID,
        now: MonotonicTime
    ) {
        self.limits = limits
        self.nextLease = nextLease
        nextGeneration = epoch << 32 + 1
        readoptionDeadline = now.advanced(by: limits.readoptionGrace)
        self.now = now
        lastScan = now
    }

    /// The shard of a lease that stands, for those who gather its result.
    package func shard(of lease: LeaseID) -> ShardID? {
        leases[lease]?.shard
    }

    /// The session that has a lease; nil where it has ended, or its worker was given up.
    package func holder(of lease: LeaseID) -> SessionID? { leases[lease]?.session }

    /// The range of a shard that is not committed.
    package func range(of shard: ShardID) -> ShardRange? {
        jobs[shard.job]?.open[shard.number]?.range
    }

    /// Sessions of the known workers, in the order of their greeting.
    package var workerOrder: [SessionID] {
        workers.values.sorted { $0.generation < $1.generation }.map(\.session)
    }

    /// Records and tokens that workers have done of each job's shards that are not durable yet.
    package var running: [JobID: (records: Int, tokens: Int)] {
        var sums: [JobID: (records: Int, tokens: Int)] = [:]
        for worker in workers.values {
            for progress in worker.running {
                guard let job = leases[progress.lease]?.shard.job else { continue }
                sums[job, default: (0, 0)].records += progress.records
                sums[job, default: (0, 0)].tokens += progress.tokens
            }
        }
        return sums
    }

    /// Takes note whether the disk has room; without it no lease is given.
    package mutating func spaceChanged(hasSpace: Bool) {
        self.hasSpace = hasSpace
    }

    /// Takes note that a worker's result found no room: it must keep it, and what comes behind it.
    package mutating func resultRefused(_ session: SessionID) {
        workers[session]?.refusedAt = now
    }

    /// Whether a lease has expired and nobody has taken it up since.
    package func isExpired(_ lease: LeaseID) -> Bool { leases[lease]?.state == .expired }

    /// Leases and sessions that have ended since this was called last.
    package mutating func takeEnded() -> Ended {
        defer { ended = Ended() }
        return ended
    }

    // MARK: - Leases and workers, kept together

    /// Changes a worker, and keeps the sums and the line by what it may take now.
    ///
    /// It is changed where it lies: of a copy its list of leases would be copied, too.
    mutating func update(_ session: SessionID, _ change: (inout WorkerView) -> Void) {
        guard let place = workers.index(forKey: session) else { return }
        let before = workers.values[place].freeCredit
        change(&workers.values[place])
        let credit = workers.values[place].freeCredit
        totalCredit += credit - before
        guard credit > 0, !workers.values[place].isInLine else { return }
        workers.values[place].isInLine = true
        line.append(session)
    }

    /// Counts the sessions on a host.
    mutating func countWorkers(on machine: String, _ change: Int) {
        let before = machines[machine]?.workers ?? 0
        machines[machine, default: Machine()].workers += change
        staffedMachines += (before + change > 0 ? 1 : 0) - (before > 0 ? 1 : 0)
    }

    /// Gives a worker a lease that it has, in its place among its others.
    mutating func bind(_ id: LeaseID, _ session: SessionID) {
        update(session) { worker in
            let place = worker.leases.firstPlace { $0 >= id }
            worker.leases.insert(id, at: place)
        }
        if let machine = workers[session]?.machine { machines[machine]?.leases += 1 }
    }

    /// Takes a lease off its worker.
    mutating func unbind(_ id: LeaseID) {
        guard let session = leases[id]?.session else { return }
        let now = now
        var machine: String?
        update(session) { worker in
            guard let place = worker.leases.place(of: id) else { return }
            worker.leases.remove(at: place)
            worker.lastProgress = now
            machine = worker.machine
        }
        if let machine { machines[machine]?.leases -= 1 }
    }

    /// Forgets a lease, of which nothing can come any more.
    mutating func remove(_ id: LeaseID) {
        guard let lease = leases[id] else { return }
        unbind(id)
        if lease.isSecond { secondCount -= 1 }
        leases[id] = nil
        ended.leases.append(id)
        jobs[lease.shard.job]?.update(lease.shard.number) { shard in
            shard.leases.removeAll { $0 == id }
        }
    }

    /// Gives back the credit that a lease took of which its worker will never know.
    mutating func restoreCredit(of lease: Lease) {
        guard lease.sentAt == nil, let session = lease.session else { return }
        // A greeting in between has begun the count anew.
        update(session) { $0.grantedTotal -= $0.grantedTotal > 0 ? 1 : 0 }
    }

    /// Ends a lease for good: no result of it will count.
    mutating func revoke(_ id: LeaseID) -> [SchedulerAction] {
        guard let lease = leases[id] else { return [] }
        restoreCredit(of: lease)
        remove(id)
        guard let session = lease.session, workers[session] != nil else { return [] }
        return [.cancel(session, id)]
    }

    /// Ends a lease whose worker will not send a result, and puts its shard back in line.
    mutating func close(_ id: LeaseID) {
        guard let lease = leases[id], lease.state != .committing else { return }
        restoreCredit(of: lease)
        remove(id)
        makePending(lease.shard)
    }

    /// Takes a lease off its worker, which may still bring its result.
    mutating func expire(_ id: LeaseID) {
        guard let lease = leases[id], lease.state != .committing else { return }
        unbind(id)
        leases[id]?.state = .expired
        leases[id]?.session = nil
        ended.expired.append(id)
        makePending(lease.shard)
    }

    /// Puts a shard back in line, unless a lease works at it.
    mutating func makePending(_ shard: ShardID) {
        guard jobs[shard.job]?.isOpen == true,
            let leases = jobs[shard.job]?.open[shard.number]?.leases,
            !leases.contains(where: isAtWork)
        else { return }
        jobs[shard.job]?.makePending(shard.number)
    }

    /// Whether a result of the lease is still to be expected.
    func isAtWork(_ id: LeaseID) -> Bool {
        guard let state = leases[id]?.state else { return false }
        return state != .expired
    }
}
