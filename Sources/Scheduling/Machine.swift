/// One host of workers, as far as it is known whether work fails on it.
struct Machine: Sendable {
    /// Failed attempts of late, each at another shard.
    private var losses: [(shard: ShardID, at: MonotonicTime)] = []
    /// When a result of it last became durable.
    private(set) var lastCommit: MonotonicTime?
    /// Until when it gets no work; then one shard at a time, until one is done.
    private(set) var quarantinedUntil: MonotonicTime?
    /// Quarantines since it last did a shard after one.
    private var quarantines = 0
    /// Sessions that are known.
    var workers = 0
    /// Leases that its workers hold.
    var leases = 0

    /// Whether it has workers, and was not sent away.
    var isInGoodStanding: Bool { workers > 0 && quarantinedUntil == nil }

    /// Whether it may be given a shard.
    func mayTake(now: MonotonicTime) -> Bool {
        guard let until = quarantinedUntil else { return true }
        return now >= until && leases == 0
    }

    /// Takes note of a result: whatever was wrong is over.
    mutating func committed(now: MonotonicTime) {
        lastCommit = now
        guard let until = quarantinedUntil, now >= until else { return }
        quarantinedUntil = nil
        quarantines = 0
        losses = []
    }

    /// Forgets that a shard failed here, as it fails elsewhere too.
    mutating func forgive(_ shard: ShardID) {
        losses.removeAll { $0.shard == shard }
    }

    /// Takes note of an attempt that failed here.
    ///
    /// - Parameter othersSucceed: other machines did shards within the window.
    mutating func failed(
        _ shard: ShardID,
        othersSucceed: Bool,
        _ limits: SchedulerLimits,
        now: MonotonicTime
    ) {
        losses.removeAll { $0.shard == shard || now.since($0.at) > limits.quarantineWindow }
        losses.append((shard, now))
        let isOnProbation = quarantinedUntil.map { now >= $0 } ?? false
        let isBad = losses.count >= limits.quarantineLosses && othersSucceed
        guard isOnProbation || isBad && quarantinedUntil == nil else { return }
        let factor = 1 << min(quarantines, 10)
        let pause = min(limits.quarantine * factor, limits.quarantineMax)
        quarantinedUntil = now.advanced(by: pause)
        quarantines += 1
        losses = []
    }
}

/// When a result last became durable, of all hosts or of all but one.
struct LatestCommits: Sendable {
    private var newest: (machine: String, at: MonotonicTime)?
    /// The newest of all hosts but that one.
    private var second: (machine: String, at: MonotonicTime)?

    /// - Parameter now: not before the last time.
    mutating func take(_ machine: String, now: MonotonicTime) {
        if newest?.machine != machine { second = newest }
        newest = (machine, now)
    }

    func last(except machine: String) -> MonotonicTime? {
        newest?.machine == machine ? second?.at : newest?.at
    }
}
