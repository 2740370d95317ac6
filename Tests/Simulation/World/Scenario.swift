import Scheduling

/// What a run is to show.
package enum Mode: String, Sendable, CaseIterable {
    /// Faults all the time, those that no TCP has included: promises hold after every event.
    case safety
    /// Faults that stop and heal: then every job ends within a bound.
    case liveness
    /// No faults at all.
    case calm
}

/// What may happen to a simulated cluster.
enum Fault: CaseIterable {
    case breakConnections, flap, cutInward, cutOutward, cutBoth, slowWay, mendWays, refuseSends
    case crashWorker, pauseWorker, cloneWorker, slowWorker, hangEngine, drainWorker, failEngine
    case lie, ghost
    case crashCoordinator, crashBetweenActions, pauseCoordinator, busyCoordinator
    case stallLedger, failLedger, failInput, jumpWallClock, fillDisk
}

/// One drawn cluster, its job sizes and its faults; the seed alone decides.
struct Scenario {
    let mode: Mode
    var hostCount: Int
    var slots: UInt32
    var workerTick: Moment
    var coordinatorTick: Moment
    var messagesPerTurn: Int
    /// What the engine needs for a record.
    var recordTime: Moment
    var answerPadding = 0
    var recordsMin = 1
    var recordsMax: Int
    var lineBytes: (low: Int, high: Int)
    var poisonShare = 0.0
    /// Records whose answers are errors, and whether jobs have budgets of them.
    var errorShare = 0.0
    var hasBudgets = false
    /// Lines above the limit of a line, of which only the beginning is read.
    var overlongShare = 0.0
    var overlongBytes: (low: Int, high: Int)
    /// How fast the input is read; 8 without a reason.
    var inputSpeed: UInt64 = 8
    /// Jobs at a time, and in all.
    var jobsAtOnce: Int
    var jobCount: Int
    var faults: [Fault] = []
    var faultInterval: Moment
    /// Whether messages are lost, repeated and reordered as by no TCP.
    var isWild = false
    var limits = SchedulerLimits()
    /// Whether jobs are paused and cancelled.
    var isFickle = false
    /// Whether jobs that were not taken are given up.
    var isImpatient = false
    /// Whether jobs may fail by what the faults do to workers.
    var mayJobsFail = false
    var eventCount: Int

    init(mode: Mode, eventCount: Int, chance: inout Chance) {
        self.mode = mode
        self.eventCount = eventCount
        hostCount = chance.between(1, 8)
        slots = chance.happens(0.7) ? 1 : UInt32(chance.between(2, 4))
        workerTick = .millisecond * UInt64(chance.between(200, 1_500))
        coordinatorTick = .millisecond * UInt64(chance.between(100, 900))
        messagesPerTurn = chance.pick([1, 3, 16, 1_024])
        recordTime = chance.time(2, 1_000)
        recordsMax = chance.pick([4, 20, 60, 200])
        lineBytes = (12, chance.pick([14, 40, 200]))
        overlongBytes = (lineBytes.high + 2, 3 * lineBytes.high + 2)
        overlongShare = chance.pick([0, 0, 0.02, 0.2])
        jobsAtOnce = chance.between(1, 3)
        jobCount = mode == .calm ? chance.between(1, 5) : .max
        faultInterval = chance.time(50, 20_000)
        limits.shardBytesMin = chance.pick([16, 64, 256])
        limits.shardBytesMax = chance.pick([256, 1_024])
        limits.shardRecordsMax = chance.pick([1, 2, 5, 16])
        if chance.happens(0.03) { drawLargeShards() }
        errorShare = chance.pick([0, 0, 0.05, 0.3])
        hasBudgets = chance.happens(0.5)
        isImpatient = chance.happens(0.5)
        guard mode != .calm else { return }
        drawFaults(&chance)
        isFickle = chance.happens(0.3)
    }

    /// Makes of a calm scenario one job of so many shards on so many workers.
    mutating func grow(workers: Int, shards: Int) {
        hostCount = workers
        slots = 1
        workerTick = .second
        messagesPerTurn = 1_024
        recordTime = .second
        recordsMin = shards
        recordsMax = shards
        lineBytes = (12, 14)
        overlongShare = 0
        inputSpeed = 8 * UInt64(max(1, workers / 100))
        jobsAtOnce = 1
        jobCount = 1
        limits.shardRecordsMax = 1
    }

    /// Makes of a calm scenario two small jobs on few workers.
    mutating func shrink() {
        hostCount = min(hostCount, 3)
        recordTime = min(recordTime, 100 * .millisecond)
        recordsMin = 4
        recordsMax = 12
        jobsAtOnce = 2
        jobCount = 2
    }

    /// Inputs and results that need many messages.
    private mutating func drawLargeShards() {
        answerPadding = 150_000
        lineBytes = (100_000, 300_000)
        overlongBytes = (300_002, 400_000)
        recordsMax = 20
        limits.shardBytesMin = 200_000
        limits.shardBytesMax = 1 << 20
        limits.shardRecordsMax = 8
    }

    private mutating func drawFaults(_ chance: inout Chance) {
        let share = chance.pick([0.1, 0.3, 0.7])
        faults = Fault.allCases.filter { _ in chance.happens(share) }
        if faults.isEmpty { faults = [.crashBetweenActions, .breakConnections] }
        isWild = mode == .safety && chance.happens(0.4)
        if chance.happens(0.15) { poisonShare = 0.05 }
        mayJobsFail = chance.happens(0.5)
        // Machines come back within the time that a run has.
        limits.quarantine = .seconds(20)
        limits.quarantineMax = .seconds(120)
        guard !mayJobsFail else { return }
        // However often workers die: a record is given up, or a job fails, for no fault of theirs.
        limits.strikesInARowMax = 1_000_000
        guard poisonShare == 0 else { return }
        limits.strikesToGiveUp = 1_000_000
        limits.strikesOnOneMachine = 1_000_000
        limits.strikesMax = 1_000_000
    }
}
