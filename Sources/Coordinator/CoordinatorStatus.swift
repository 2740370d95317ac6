import Ledger
import Scheduling

/// What a coordinator shows of itself: a copy, made after each batch of events.
package struct CoordinatorStatus: Codable, Equatable, Sendable {
    package var jobs: [JobStatus] = []
    package var workers: [WorkerStatus] = []
    /// Why the coordinator cannot go on; nil while it can.
    package var failure: String?
    /// The exit code that fits the failure.
    package var failureExitCode: Int32 = 0

    package init() {}
}

/// What is shown of a job.
package struct JobStatus: Codable, Equatable, Sendable {
    /// The life of a job, in the words that users see.
    package enum State: String, Codable, Sendable {
        case running, publishing, done, failed
    }

    package var id: String
    package var state: State
    /// Why it failed; empty otherwise.
    package var message: String
    package var output: String
    /// Bytes of input, and how many of them are answered.
    package var inputBytes: Int
    package var answeredBytes: Int
    /// Answers that are durable, and how many of them are error answers.
    package var records: Int
    package var failedRecords: Int
    package var tokens: Int
    package var shards: Int

    init(_ job: Job, output: String) {
        id = job.id.description
        (state, message) =
            switch job.state {
            case .running: (.running, "")
            case .publishing: (.publishing, "")
            case .done: (.done, "")
            case .failed(let message): (.failed, message)
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
        state =
            switch job.row.state {
            case .running: .running
            case .publishing: .publishing
            case .done: .done
            case .failed: .failed
            }
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
    package var name: String
    package var state: String
    package var slots: Int
    /// Leases that it holds.
    package var leases: Int
    /// Records and tokens done of the shards that it is computing.
    package var runningRecords: Int
    package var runningTokens: Int

    init(_ worker: WorkerView) {
        name = worker.name
        state =
            switch worker.state {
            case .active: "active"
            case .suspect: "silent"
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
