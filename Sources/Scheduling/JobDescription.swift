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
    /// Above which number of error answers the job is paused; nil where there is no such number.
    package var errorBudget: ErrorBudget?

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

    /// The same of a job that has failed, whose leases were revoked then.
    var withoutLeases: JobDescription {
        var description = JobDescription(
            id: id,
            cursor: cursor,
            inputBytes: inputBytes,
            progress: progress,
            openShards: openShards.map { shard in
                RecordedShard(
                    range: shard.range,
                    attempts: shard.attempts,
                    leases: [],
                    isHalf: shard.isHalf,
                    strikes: shard.strikes
                )
            }
        )
        description.errorBudget = errorBudget
        return description
    }
}

/// An open shard as the ledger knows it.
package struct RecordedShard: Sendable {
    /// As it was planned; cutting again would give the same.
    package let range: ShardRange
    /// Leases given in earlier lives.
    package let attempts: Int
    /// Leases of which no result is durable; their workers may still come back.
    package let leases: [RecordedLease]
    /// Whether it was cut out of a shard that failed too often.
    package let isHalf: Bool
    /// Ends of leases that are held against it.
    package let strikes: [Strike]

    /// Takes a row, its leases and its strikes as the ledger holds them.
    package init(
        range: ShardRange,
        attempts: Int,
        leases: [RecordedLease],
        isHalf: Bool = false,
        strikes: [Strike] = []
    ) {
        self.range = range
        self.attempts = attempts
        self.leases = leases
        self.isHalf = isHalf
        self.strikes = strikes
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
