/// What the scheduler knows of one job; its size follows the shards in work, not the job.
package struct Job: Sendable {
    /// The life of a job.
    package enum State: Equatable, Sendable {
        /// Shards are planned, leased and committed. Can go to: `publishing`, `failed`.
        case running
        /// All answers are durable and are being put in order. Can go to: `done`, `failed`.
        case publishing
        /// The output stands in its place. Final.
        case done
        /// The job cannot be finished, for this reason. Final.
        case failed(String)
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
    /// Whether the planner is at work for this job.
    var isPlanning = false
    /// Shards that wait for a worker, in rising order.
    var pending: [ShardNumber] = []
    /// Shards that are planned and not committed.
    var open: [ShardNumber: OpenShard] = [:]

    init(_ description: JobDescription) {
        id = description.id
        state = .running
        cursor = description.cursor
        inputBytes = description.inputBytes
        progress = description.progress
        for shard in description.openShards {
            open[shard.number] = OpenShard(
                range: shard.range,
                attempts: shard.attempts,
                isRecorded: true,
                leases: shard.leases.map(\.id)
            )
            if shard.leases.isEmpty { pending.append(shard.number) }
        }
        pending.sort()
    }

    /// Puts a shard back in line, where its number belongs.
    mutating func makePending(_ number: ShardNumber) {
        let place = pending.firstIndex { $0 > number } ?? pending.endIndex
        pending.insert(number, at: place)
    }

    /// Whether every record has a durable answer.
    var isComplete: Bool { cursor.isAtEnd && open.isEmpty && !isPlanning }
}

/// A shard that is planned and not committed.
struct OpenShard: Sendable {
    let range: ShardRange
    /// Leases given so far.
    var attempts: Int
    /// Leases that ended because their worker was lost.
    var losses = 0
    /// Leases that ended because their worker reported a failure.
    var failures = 0
    /// Whether the ledger has a row of it.
    var isRecorded: Bool
    /// Leases that may still commit it, the newest last.
    var leases: [LeaseID] = []
}

/// How much of a job is durable.
package struct JobProgress: Equatable, Sendable {
    /// Shards with a committed result.
    package var shards = 0
    /// Bytes of input answered.
    package var bytes = 0
    /// Answers, error answers included.
    package var records = 0
    /// Error answers.
    package var failedRecords = 0
    /// Tokens that the engine computed.
    package var tokens = 0

    /// Nothing is durable yet.
    package init() {}
}

/// A job as the ledger hands it to the scheduler, new or found at start-up.
package struct JobDescription: Sendable {
    /// A job is opened once under this name, and again only after it has failed.
    package let id: JobID
    /// Where planning goes on: behind the last shard with a row.
    package let cursor: PlanningCursor
    /// Bytes of all inputs, decompressed; by them the size of shards is chosen.
    package let inputBytes: Int
    /// What earlier lives of the coordinator have committed.
    package let progress: JobProgress
    /// Shards with a row and no committed answer.
    package let openShards: [RecordedShard]

    /// Takes what the ledger says; only shards without a commit may be open.
    package init(
        id: JobID,
        cursor: PlanningCursor,
        inputBytes: Int,
        progress: JobProgress,
        openShards: [RecordedShard]
    ) {
        self.id = id
        self.cursor = cursor
        self.inputBytes = inputBytes
        self.progress = progress
        self.openShards = openShards
    }
}

/// An open shard as the ledger knows it.
package struct RecordedShard: Sendable {
    /// Below the number of the job's cursor.
    package let number: ShardNumber
    /// As it was planned; cutting again would give the same.
    package let range: ShardRange
    /// Leases given in earlier lives.
    package let attempts: Int
    /// Leases of which no result is durable; their workers may still come back.
    package let leases: [RecordedLease]

    /// Takes a row and its leases as the ledger holds them.
    package init(number: ShardNumber, range: ShardRange, attempts: Int, leases: [RecordedLease]) {
        self.number = number
        self.range = range
        self.attempts = attempts
        self.leases = leases
    }
}

/// A lease that an earlier life of the coordinator gave.
package struct RecordedLease: Sendable {
    /// Still a valid token: a result under it may commit.
    package let id: LeaseID
    /// The name of the worker that had it; another name cannot take it up.
    package let worker: String

    /// Takes a lease whose shard was open when the coordinator ended.
    package init(id: LeaseID, worker: String) {
        self.id = id
        self.worker = worker
    }
}
