/// Decides which worker computes which shard, and which result counts.
///
/// A pure state machine: it does no I/O, reads no clock and draws no random number. The thread that
/// owns the sockets feeds it events, one at a time, and carries out the actions that it returns.
/// After a batch of events that thread calls `dispatch`, which gives out work.
package struct Scheduler: Sendable {
    /// Fixed for this life of the coordinator.
    package let limits: SchedulerLimits
    /// All jobs that were opened in this life, those that have ended included.
    package internal(set) var jobs: [JobID: Job] = [:]
    /// Jobs in the order in which they came: the first with a shard to give is served first.
    package internal(set) var jobOrder: [JobID] = []
    /// Workers that greeted and were not lost; each has one session.
    package internal(set) var workers: [SessionID: WorkerView] = [:]
    /// Workers in the order of their greeting.
    package internal(set) var workerOrder: [SessionID] = []
    var leases: [LeaseID: Lease] = [:]
    var nextLease: LeaseID
    var nextGeneration: UInt64
    /// When leases of an earlier life are given up.
    let readoptionDeadline: MonotonicTime
    var lastTick: MonotonicTime

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
        lastTick = now
    }

    /// Takes in a job that the ledger holds: new, from an earlier life, or failed and tried again.
    package mutating func jobOpened(_ description: JobDescription) -> [SchedulerAction] {
        switch jobs[description.id]?.state {
        case nil: jobOrder.append(description.id)
        case .failed: break
        case .running, .publishing, .done: preconditionFailure("a job is opened once")
        }
        jobs[description.id] = Job(description)
        // A model that was mended may be tried anew.
        for session in workerOrder { workers[session]?.refusedJobs.remove(description.id) }
        for shard in description.openShards {
            for lease in shard.leases {
                leases[lease.id] = Lease(
                    shard: ShardID(job: description.id, number: shard.number),
                    worker: lease.worker,
                    session: nil,
                    attempt: shard.attempts,
                    state: .orphaned,
                    isSent: true
                )
            }
        }
        return publishIfComplete(description.id)
    }

    /// Takes note that a job's output stands in its place.
    package mutating func jobPublished(_ id: JobID) {
        guard jobs[id]?.state == .publishing else { return }
        jobs[id]?.state = .done
    }

    /// Ends a job that cannot be finished; workers stop computing its shards.
    package mutating func jobFailed(_ id: JobID, message: String) -> [SchedulerAction] {
        switch jobs[id]?.state {
        case .running, .publishing: break
        case .done, .failed, nil: return []
        }
        jobs[id]?.state = .failed(message)
        jobs[id]?.pending = []
        let open = jobs[id]?.open.values.flatMap(\.leases).sorted() ?? []
        jobs[id]?.open = [:]
        return open.flatMap { revoke($0) } + [.recordFailure(id, message: message)]
    }

    /// The shard of a lease that stands, for those who gather its result.
    package func shard(of lease: LeaseID) -> ShardID? {
        leases[lease]?.shard
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

    /// The range of a shard that is not committed.
    package func range(of shard: ShardID) -> ShardRange? {
        jobs[shard.job]?.open[shard.number]?.range
    }

    /// Asks for the output once every record has a durable answer.
    mutating func publishIfComplete(_ id: JobID) -> [SchedulerAction] {
        guard let job = jobs[id], job.state == .running, job.isComplete else { return [] }
        jobs[id]?.state = .publishing
        return [.publish(id)]
    }

    /// Gives back the credit that a lease took of which its worker will never know.
    mutating func restoreCredit(of lease: Lease) {
        guard !lease.isSent, let session = lease.session else { return }
        // A greeting in between has begun the count anew.
        guard let granted = workers[session]?.grantedTotal, granted > 0 else { return }
        workers[session]?.grantedTotal = granted - 1
    }

    /// Ends a lease for good: no result of it will count.
    mutating func revoke(_ id: LeaseID) -> [SchedulerAction] {
        guard let lease = leases.removeValue(forKey: id) else { return [] }
        restoreCredit(of: lease)
        guard let session = lease.session, workers[session] != nil else { return [] }
        workers[session]?.leases.removeAll { $0 == id }
        return [.cancel(session, id)]
    }
}
