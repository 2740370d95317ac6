/// The timers and sizes by which the scheduler decides; durations are on the monotonic clock.
package struct SchedulerLimits: Sendable {
    /// Silence after which a worker gets no new work.
    package var suspectAfter: Duration = .seconds(8)
    /// Silence after which a worker's leases are given to others.
    package var deadAfter: Duration = .seconds(20)
    /// How long after its start a coordinator waits for workers that still hold leases.
    package var readoptionGrace: Duration = .seconds(60)
    /// A pause of the coordinator's own loop above which the pause is nobody's silence.
    package var loopGap: Duration = .seconds(1)
    /// The largest input of a shard, bytes, unless a single line is larger.
    package var shardBytesMax = 1 << 20
    /// The smallest target for a shard's input, bytes.
    package var shardBytesMin = 16 << 10
    /// The most records of a shard.
    package var shardRecordsMax = 1024
    /// A job is cut so fine that each slot gets at least as many shards.
    package var shardsPerSlotMin = 8
    /// Lost leases of one shard after which its job fails, as its records seem to kill workers.
    package var lossesMax = 5
    /// Reported failures of one shard after which its job fails.
    package var failuresMax = 3

    /// The limits of a coordinator whose workers outlive it.
    package init() {}
}
