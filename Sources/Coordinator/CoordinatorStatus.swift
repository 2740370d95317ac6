import Ledger
import Scheduling

/// What a coordinator shows of itself: a copy, made when somebody asks or is answered.
package struct CoordinatorStatus: Codable, Equatable, Sendable {
    /// First jobs that have ended, the latest of them and in the order of their ends, then the
    /// others as they came.
    package var jobs: [JobStatus] = []
    /// Workers that have greeted and are not given up, in the order of their greeting.
    package var workers: [WorkerStatus] = []
    /// Messages that were let go, as they were none of the job plane's.
    package var malformedMessages = 0
    /// Why the disk has no room; nil while it has some.
    ///
    /// Without room no work is given and nothing is acknowledged; it goes on by itself.
    package var fullDisk: String?
    /// Why no new jobs are taken, or no shards given either, while some of the disk is free.
    package var littleRoom: String?
    /// Why the coordinator cannot go on; nil while it can.
    package var failure: String?
    /// The exit code that fits the failure.
    package var failureExitCode: Int32 = 0

    /// The status before the loop's first look: no jobs, no workers, no failure.
    package init() {}
}

/// What is shown of a job.
package struct JobStatus: Codable, Equatable, Sendable {
    /// The life of a job, in the words that users see.
    package enum State: String, Codable, Sendable {
        /// Shards are being computed, or wait for workers.
        case running
        /// No shard is given; those that workers have are finished.
        case paused
        /// Every record is answered, and the output is being written.
        case publishing
        /// The output stands in its place.
        case done
        /// It ended with a message; the same job submitted again goes on.
        case failed
        /// A user wishes its end, which is on its way to the disk.
        case cancelling
        /// It ended by a user's wish; the same job submitted again is another.
        case cancelled

        init(_ state: JobRow.State) {
            self =
                switch state {
                case .running: .running
                case .paused: .paused
                case .publishing: .publishing
                case .done: .done
                case .failed: .failed
                case .cancelled: .cancelled
                }
        }
    }

    /// The job's 26 letters and digits, as every command takes and prints them.
    package var id: String
    /// As of the moment of the copy; it may lag behind the ledger by moments.
    package var state: State
    /// Why it failed, is paused where that was nobody's wish, or has an output that waits for room;
    /// empty otherwise.
    package var message: String
    /// Absolute path at which the answers stand or shall stand.
    package var output: String
    /// Bytes of all inputs, decompressed.
    package var inputBytes: Int
    /// Bytes of the input whose answers are durable, line ends counted.
    package var answeredBytes: Int
    /// Answers that are durable, error answers included.
    package var records: Int
    /// Error answers among them.
    package var failedRecords: Int
    /// Tokens that the engine read for durable answers.
    package var tokens: Int
    /// Shards whose answers are durable.
    package var shards: Int
    /// Records that workers have done of shards that are not durable yet.
    package var runningRecords = 0
    /// Tokens that workers have done of shards that are not durable yet.
    package var runningTokens = 0

    init(_ job: Job, output: String) {
        id = job.id.description
        (state, message) =
            switch job.state {
            case .running: (.running, "")
            case .paused(let message): (.paused, message)
            case .publishing: (.publishing, "")
            case .done: (.done, "")
            case .failed(let message): (.failed, message)
            case .cancelling: (.cancelling, "")
            case .cancelled: (.cancelled, "")
            }
        self.output = output
        inputBytes = job.inputBytes
        (answeredBytes, records, failedRecords) = job.progress.counts
        tokens = job.progress.tokens
        shards = job.progress.shards
    }

    /// A job as the ledger holds it, while nobody works on it.
    init(_ job: RecoveredJob, output: String) {
        id = job.row.id.description
        state = State(job.row.state)
        message = job.row.message
        self.output = output
        inputBytes = job.row.inputBytes
        (answeredBytes, records, failedRecords) = job.description.progress.counts
        tokens = job.description.progress.tokens
        shards = job.description.progress.shards
    }
}

/// What is shown of a worker.
package struct WorkerStatus: Codable, Equatable, Sendable {
    /// The name by which it greeted; no two workers have the same.
    package var name: String
    /// One of "active", "silent", "stalled" and "quarantined" (which get no new work), "draining".
    package var state: String
    /// Shards that it computes at once.
    package var slots: Int
    /// Leases that it holds.
    package var leases: Int
    /// Records done of the shards that it is computing, by its last heartbeat.
    package var runningRecords: Int
    /// Tokens done of these shards.
    package var runningTokens: Int

    init(_ worker: WorkerView, isQuarantined: Bool) {
        name = worker.name
        state =
            switch worker.state {
            case .active: isQuarantined ? "quarantined" : "active"
            case .suspect: "silent"
            case .stalled: "stalled"
            case .draining: "draining"
            }
        slots = worker.slots
        leases = worker.leases.count
        runningRecords = worker.runningRecords
        runningTokens = worker.runningTokens
    }
}

extension JobProgress {
    fileprivate var counts: (bytes: Int, records: Int, failed: Int) {
        (bytes, records, failedRecords)
    }
}
