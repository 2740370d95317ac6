package import Scheduling

/// A job as the ledger keeps it.
package struct JobRow: Sendable {
    /// The durable part of a job's life.
    package enum State: Int, Sendable {
        case running = 0
        case publishing = 1
        case done = 2
        case failed = 3
    }

    package let id: JobID
    /// What makes two submissions the same job, as one text.
    package let identity: String
    /// All that was asked for, as JSON.
    package let specification: String
    package let state: State
    /// Why it failed.
    package let message: String
    /// Bytes of all inputs.
    package let inputBytes: Int
    /// Seconds since 1970, for people only.
    package let created: Int

    package init(
        id: JobID,
        identity: String,
        specification: String,
        state: State,
        message: String,
        inputBytes: Int,
        created: Int
    ) {
        self.id = id
        self.identity = identity
        self.specification = specification
        self.state = state
        self.message = message
        self.inputBytes = inputBytes
        self.created = created
    }
}

/// A job found at start-up, with what the scheduler needs to go on.
package struct RecoveredJob: Sendable {
    package let row: JobRow
    package let description: JobDescription
}

/// A complete and verified result on its way to the disk.
package struct CompletedResult: Sendable {
    package let lease: LeaseID
    package let shard: ShardID
    /// The answers, one line each.
    package let bytes: [UInt8]
    package let digest: ContentDigest
    package let records: Int
    package let failedRecords: Int
    package let tokens: Int

    package init(
        lease: LeaseID,
        shard: ShardID,
        bytes: [UInt8],
        digest: ContentDigest,
        records: Int,
        failedRecords: Int,
        tokens: Int
    ) {
        self.lease = lease
        self.shard = shard
        self.bytes = bytes
        self.digest = digest
        self.records = records
        self.failedRecords = failedRecords
        self.tokens = tokens
    }
}

/// Where the durable answers of a shard lie.
package struct CommittedShard: Sendable {
    package let number: ShardNumber
    package let range: ShardRange
    package let segment: Int
    package let segmentOffset: Int
    package let byteCount: Int
    package let digest: ContentDigest
    package let failedRecords: Int
}
