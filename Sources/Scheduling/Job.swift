/// What the scheduler knows of one job; its size follows the shards in work, not the job.
package struct Job: Sendable {
    /// The life of a job.
    package enum State: Equatable, Sendable {
        /// Shards are planned, leased and committed.
        ///
        /// Can go to: `paused`, `publishing`, `failed`, `cancelling`.
        case running
        /// What is leased is finished, and nothing more is given; the text is empty where a user
        /// wished it so. Can go to: `running`, `failed`, `cancelling`.
        case paused(String)
        /// All answers are durable and are being put in order. Can go to: `done`, `failed`.
        case publishing
        /// The output stands in its place. Final.
        case done
        /// The job cannot be finished, for this reason; resumed, it is opened anew from the ledger.
        /// Can go to: `running`, `cancelling`.
        case failed(String)
        /// Its end is on its way to the disk: nothing is given, and no result is taken.
        /// Can go to: `cancelled`.
        case cancelling
        /// A user did not want it any more. Final.
        case cancelled
    }

    /// The name by which events and actions speak of it.
    package let id: JobID
    /// Only of a job that is running are shards planned and leased.
    package internal(set) var state: State
    /// How far the input is cut, shards in memory included.
    package internal(set) var cursor: PlanningCursor
    /// Bytes of all inputs.
    package let inputBytes: Int
    /// Sums over committed shards alone.
    package internal(set) var progress: JobProgress
    /// Above which number of error answers it is paused.
    var errorBudget: ErrorBudget?
    /// Whether the planner is at work for this job.
    var isPlanning = false
    /// Shards that are planned and not committed.
    private(set) var open: [ShardNumber: OpenShard] = [:]
    /// Bytes of these.
    private(set) var openBytes = 0
    /// Shards that wait for a worker.
    private(set) var pendingCount = 0
    private var pending = PendingShards()
    var waitingPlaces: Int { pending.count }
    /// Known workers that cannot compute the job, and what the last of them said.
    var refusals = 0
    var refusal = ""
    /// Since when there are workers, and none of them can.
    var refusedSince: MonotonicTime?
    /// Strikes since the last result, against any shard.
    var strikesInARow = 0
    /// How long its shards take.
    var pace = Pace()

    init(_ description: JobDescription) {
        id = description.id
        state = .running
        cursor = description.cursor
        inputBytes = description.inputBytes
        progress = description.progress
        errorBudget = description.errorBudget
        for recorded in description.openShards {
            var shard = OpenShard(
                range: recorded.range,
                attempts: recorded.attempts,
                isRecorded: true,
                isHalf: recorded.isHalf,
                strikes: recorded.strikes
            )
            shard.leases = recorded.leases.map(\.id)
            add(shard)
            if shard.leases.isEmpty { makePending(recorded.range.number) }
        }
    }

    /// Whether its shards are still wanted, though perhaps not now.
    var isOpen: Bool {
        switch state {
        case .running, .paused: true
        case .publishing, .done, .failed, .cancelling, .cancelled: false
        }
    }

    /// Whether every record has a durable answer.
    var isComplete: Bool { cursor.isAtEnd && open.isEmpty && !isPlanning }

    /// Takes in a shard that is not there yet.
    mutating func add(_ shard: OpenShard) {
        let previous = open.updateValue(shard, forKey: shard.range.number)
        precondition(previous == nil, "a line belongs to one shard")
        openBytes += shard.range.byteCount
    }

    /// Takes a shard out that is committed or replaced.
    mutating func remove(_ number: ShardNumber) -> OpenShard? {
        guard let shard = open.removeValue(forKey: number) else { return nil }
        openBytes -= shard.range.byteCount
        if shard.isPending { pendingCount -= 1 }
        return shard
    }

    /// Takes all shards out, of a job that has ended.
    mutating func removeAll() {
        open = [:]
        (openBytes, pendingCount) = (0, 0)
        pending = PendingShards()
    }

    /// Changes a shard; nothing where there is none.
    mutating func update(_ number: ShardNumber, _ change: (inout OpenShard) -> Void) {
        guard open[number] != nil else { return }
        change(&open[number]!)
    }

    /// Puts a shard in line, where its number belongs.
    mutating func makePending(_ number: ShardNumber) {
        guard let shard = open[number], !shard.isPending, !shard.isSettling else { return }
        open[number]?.isPending = true
        pendingCount += 1
        pending.insert(number)
    }

    /// Takes a shard out of the line.
    mutating func unmakePending(_ number: ShardNumber) {
        guard open[number]?.isPending == true else { return }
        open[number]?.isPending = false
        pendingCount -= 1
    }

    /// Takes the first shard in line that may be given; those before it stay in line.
    mutating func takePending(where mayBeGiven: (OpenShard) -> Bool) -> ShardNumber? {
        var passedOver: [ShardNumber] = []
        defer { for number in passedOver { pending.insert(number) } }
        while let number = pending.popFirst() {
            guard let shard = open[number], shard.isPending else { continue }
            guard mayBeGiven(shard) else {
                passedOver.append(number)
                continue
            }
            unmakePending(number)
            return number
        }
        return nil
    }
}

/// How long workers compute shards of a job.
struct Pace: Sendable {
    /// Seconds of the last shards, the oldest overwritten first.
    private var seconds: [Double] = []
    private var next = 0
    /// Seconds that a record takes where it takes long; falls slowly.
    private(set) var secondsPerRecord = 0.0

    private static let shardsMax = 63

    mutating func take(_ duration: Duration, records: Int) {
        let time = duration.inSeconds
        if seconds.count < Self.shardsMax {
            seconds.append(time)
        } else {
            seconds[next] = time
            next = (next + 1) % Self.shardsMax
        }
        let each = time / Double(max(1, records))
        secondsPerRecord = max(each, secondsPerRecord * 0.99 + each * 0.01)
    }

    /// The time of the shard in the middle; nil where none is done.
    var median: Duration? {
        guard !seconds.isEmpty else { return nil }
        return .seconds(seconds.sorted()[seconds.count / 2])
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
