package import Scheduling

/// A job as the ledger keeps it.
package struct JobRow: Sendable {
    /// The durable part of a job's life.
    package enum State: Int, Sendable {
        /// Shards are computed, or would be if a coordinator ran.
        case running = 0
        /// Every record is answered; writing the output begins anew after a crash.
        case publishing = 1
        /// The output stood in its place when this was written.
        case done = 2
        /// It ended with a message; `resumeJob` makes it run again.
        case failed = 3
        /// A user did not want it any more; its answers are removed, and no result is taken.
        case cancelled = 4
        /// No shard is given until `continueJob`; results of those that were given are taken.
        case paused = 5

        /// Whether it never changes any more: then its shards' rows and answers may be removed.
        package var isFinal: Bool { self == .done || self == .cancelled }
    }

    /// The key of the row; shards and leases refer to it.
    package let id: JobID
    /// What makes two submissions the same job, as one text.
    package let identity: String
    /// All that was asked for, as JSON.
    package let specification: String
    /// The last state that was committed.
    package let state: State
    /// Why it failed, or is paused where that was nobody's wish.
    package let message: String
    /// Bytes of all inputs.
    package let inputBytes: Int
    /// Seconds since 1970, for people only.
    package let created: Int

    /// A row to be written, or one that was read; the cursor is kept beside it.
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
    /// The job as it was asked for, and its last durable state.
    package let row: JobRow
    /// Its cursor, progress and open shards, as the last commit left them.
    package let description: JobDescription

    /// Takes what the ledger says of a job; both must be of the same moment.
    package init(row: JobRow, description: JobDescription) {
        self.row = row
        self.description = description
    }
}

/// A complete and verified result on its way to the disk.
package struct CompletedResult: Sendable {
    /// The lease that commits the shard; it stays in the shard's row.
    package let lease: LeaseID
    /// The shard that is answered; its row must exist.
    package let shard: ShardID
    /// The answers, one line each.
    package let bytes: [UInt8]
    /// XXH3-128 of `bytes`, checked again whenever they are read back.
    package let digest: ContentDigest
    /// Answers in `bytes`, error answers included.
    package let records: Int
    /// Error answers among them.
    package let failedRecords: Int
    /// Tokens that the engine read for these answers.
    package let tokens: Int

    /// A result whose digest and count the caller has verified.
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
    /// The input that the answers belong to.
    package let range: ShardRange
    /// Which of the job's segment files, from 0.
    package let segment: Int
    /// First byte of the answers in that file.
    package let segmentOffset: Int
    /// Bytes of the answers, line ends counted.
    package let byteCount: Int
    /// XXH3-128 of these bytes, as the worker computed it.
    package let digest: ContentDigest
    /// Error answers among them; where it is 0 the shard has no rejects.
    package let failedRecords: Int
}
