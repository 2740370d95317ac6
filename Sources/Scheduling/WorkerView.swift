/// A worker as the coordinator sees it.
package struct WorkerView: Sendable {
    /// The coordinator's opinion of a worker.
    package enum State: Equatable, Sendable {
        /// Answers, and gets work. Can go to: `suspect`, `stalled`, `draining`.
        case active
        /// Silent: gets no new work. Can go to: `active`, `draining`; after longer silence it is
        /// forgotten.
        case suspect
        /// Gives signs of life and none of progress: gets no new work. Can go to: `active`,
        /// `draining`.
        case stalled
        /// Finishes what it has and gets no more.
        case draining
    }

    /// The life of the process; a process started anew has another.
    package let session: SessionID
    /// Unique among the workers known at one time.
    package let name: String
    /// The host that it runs on.
    package let machine: String
    /// Rises with every greeting, also over restarts of the coordinator.
    package let generation: UInt64
    /// A new greeting makes a worker active again.
    package internal(set) var state: State = .active
    /// Shards that it can compute at once.
    package let slots: Int
    /// All leases it ever asked for in this session: an absolute count, so a repeat does no harm.
    var creditTotal: UInt64 = 0
    /// All leases it was ever given in this session.
    var grantedTotal: UInt64 = 0
    /// Leases that it holds, as far as we know, in the order in which it got them: they rise.
    package internal(set) var leases: [LeaseID] = []
    /// How far it is with the leases that it holds, by its own last word.
    var progress = ProgressList([])
    /// Jobs that it said it cannot compute at all.
    var refusedJobs: Set<JobID> = []
    /// When results came of late, as many as it has slots; the oldest is overwritten first.
    var finishes = Finishes()
    var lastSeen: MonotonicTime
    /// When it last got on with something, or got work after it had none.
    var lastProgress: MonotonicTime
    /// When there was last no room for a result of it.
    var refusedAt: MonotonicTime?
    /// Whether it stands in the line of workers with credit.
    var isInLine = false

    /// Records done of the shards that it is computing now.
    package var runningRecords: Int { running.reduce(0) { $0 + $1.records } }

    /// Tokens done of the shards that it is computing now.
    package var runningTokens: Int { running.reduce(0) { $0 + $1.tokens } }

    var running: [LeaseProgress] { leases.compactMap { progress[$0] } }

    /// More leases than any worker computes ahead; one that asks for more gets so many.
    private static let creditMax: UInt64 = 4096

    /// Leases that it may be given now.
    var freeCredit: Int {
        guard state == .active, creditTotal > grantedTotal else { return 0 }
        return Int(clamping: min(creditTotal - grantedTotal, Self.creditMax))
    }

    /// Moves moments by a pause that was the coordinator's own.
    mutating func forgive(_ gap: Duration, now: MonotonicTime) {
        lastSeen = min(lastSeen.advanced(by: gap), now)
        lastProgress = min(lastProgress.advanced(by: gap), now)
        finishes.forgive(gap, now: now)
    }

    /// Takes its word of how far it is; whether that is further than before.
    mutating func take(_ new: ProgressList) -> Bool {
        let isFurther = new.entries.contains { entry in
            let old = progress[entry.lease]
            return entry.records > old?.records ?? 0 || entry.tokens > old?.tokens ?? 0
        }
        progress = new
        return isFurther
    }
}

/// When results of a worker came of late, as many as it has slots.
struct Finishes: Sendable {
    /// The oldest is overwritten first.
    private var times: [MonotonicTime] = []
    private var next = 0

    /// Takes note of a result: its shard was begun when the result came that freed its slot.
    ///
    /// - Returns: that moment; nil while slots were free.
    mutating func append(_ now: MonotonicTime, slots: Int) -> MonotonicTime? {
        guard times.count >= slots else {
            times.append(now)
            return nil
        }
        defer {
            times[next] = now
            next = (next + 1) % times.count
        }
        return times[next]
    }

    mutating func forgive(_ gap: Duration, now: MonotonicTime) {
        for index in times.indices { times[index] = min(times[index].advanced(by: gap), now) }
    }
}

/// What a worker told of its leases, to be found by them.
struct ProgressList: Sendable {
    /// By rising leases.
    let entries: [LeaseProgress]

    init(_ told: [LeaseProgress]) {
        let rises = zip(told, told.dropFirst()).allSatisfy { $0.lease < $1.lease }
        entries = rises ? told : told.sorted { $0.lease < $1.lease }
    }

    subscript(lease: LeaseID) -> LeaseProgress? {
        let place = entries.firstPlace { $0.lease >= lease }
        return place < entries.count && entries[place].lease == lease ? entries[place] : nil
    }
}

extension Array {
    /// The first place at which something holds that holds at all later ones too; else the end.
    func firstPlace(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension [LeaseID] {
    /// Where a lease stands in a list that rises; nil where it does not.
    func place(of lease: LeaseID) -> Int? {
        let place = firstPlace { $0 >= lease }
        return place < count && self[place] == lease ? place : nil
    }
}
