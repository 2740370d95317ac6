/// One host of workers, as far as it is known whether work fails on it.
struct Machine: Sendable {
    /// Failed attempts of late, each at another shard, and how many shards it had done by then.
    private var losses: [(shard: ShardID, at: MonotonicTime, commits: Int)] = []
    /// Shards that it did in all.
    private var commits = 0
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
        commits += 1
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
        losses.append((shard, now, commits))
        let isOnProbation = quarantinedUntil.map { now >= $0 } ?? false
        let done = commits - losses[0].commits
        // Who does several shards for each that it loses is worth its place.
        let isBad =
            losses.count >= limits.quarantineLosses && othersSucceed
            && done < limits.quarantineCommits * (losses.count - 1)
        guard isOnProbation || isBad && quarantinedUntil == nil else { return }
        let factor = 1 << min(quarantines, 10)
        let pause = min(limits.quarantine * factor, limits.quarantineMax)
        quarantinedUntil = now.advanced(by: pause)
        quarantines += 1
        losses = []
    }
}
