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

    /// How long a job waits for a worker that can compute it, where none of those there can.
    package var refusalGrace: Duration = .seconds(60)
    /// Time after which a worker must know of a lease that it was sent.
    package var deliveryMax: Duration = .seconds(10)
    /// Time in which a worker that was given up may come back before its shard is blamed.
    package var strikeGrace: Duration = .seconds(60)
    /// The same where another process has taken its name: only a clone is still alive.
    package var cloneGrace: Duration = .seconds(3)
    /// Time without progress after which a worker's shard is taken for hung, at least.
    package var stallAfter: Duration = .seconds(120)
    /// The same in times of what a record of the job takes.
    package var stallRecords = 10.0
    /// Time after which a worker that hung, and holds nothing, is given work again.
    package var stalledPause: Duration = .seconds(60)
    /// Time after which a shard is taken for hung whatever it reports, at least.
    package var leaseMax: Duration = .seconds(1_800)
    /// The same in times of what the shard should take.
    package var leaseFactor = 20.0

    /// Strikes after which a shard of several records is split, where two machines agree.
    package var strikesToSplit = 3
    /// Strikes after which a single record is given up, where two machines agree.
    package var strikesToGiveUp = 2
    /// The same, also for splitting, in a cluster of one machine.
    package var strikesOnOneMachine = 3
    /// Strikes after which a shard is split or given up whoever agrees.
    package var strikesMax = 5
    /// Strikes without any result in between after which a job fails, and more for each slot.
    package var strikesInARowMax = 24

    /// Shards lost on a machine, within the window, after which it gets no work for a while.
    package var quarantineLosses = 3
    /// Unless it did so many between each two that it lost.
    package var quarantineCommits = 4
    /// See above.
    package var quarantineWindow: Duration = .seconds(600)
    /// How long it gets none at first; twice as long each time it fails again.
    package var quarantine: Duration = .seconds(600)
    /// At most.
    package var quarantineMax: Duration = .seconds(7_200)

    /// Time after which a running shard at a job's end gets a second worker, at least.
    package var speculateAfter: Duration = .seconds(60)
    /// The same in times of the job's median.
    package var speculateFactor = 3
    /// One of so many slots may be used for second workers; at least one slot may.
    package var slotsPerSpeculation = 20

    /// The largest input of a shard, bytes, unless a single line is larger.
    package var shardBytesMax = 1 << 20
    /// The smallest target for a shard's input, bytes.
    package var shardBytesMin = 16 << 10
    /// Input that is cut at once, bytes.
    package var planBytesMax = 64 << 20
    /// The most records of a shard.
    package var shardRecordsMax = 1024
    /// A job is cut so fine that each slot gets at least as many shards.
    package var shardsPerSlotMin = 8

    /// The limits of a coordinator whose workers outlive it.
    package init() {}
}
