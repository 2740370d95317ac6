import CommandLine
import Coordinator
import Glibc

/// Watches one job to its end: shows progress, takes signals, keeps the workers alive.
struct JobWatch: ~Copyable {
    private let id: String
    private let output: String
    private let began = ContinuousClock.now
    private var display = ProgressDisplay()

    /// How often workers and progress are looked at.
    private static let pauseMilliseconds = 50

    init(id: String, output: String) {
        self.id = id
        self.output = output
    }

    /// Returns the exit code of the job.
    mutating func untilEnd(
        of coordinator: Coordinator,
        _ fleet: inout WorkerFleet
    ) throws(CommandFailure) -> Int32 {
        while true {
            if let signal = Signals.next(milliseconds: Self.pauseMilliseconds), signal != SIGCHLD {
                display.note("interrupted; run the same command again to go on")
                return ExitCode.interrupted
            }
            let status = coordinator.status
            if let failure = status.failure {
                throw CommandFailure(failure, exitCode: status.failureExitCode)
            }
            guard let job = status.jobs.first(where: { $0.id == id }) else { continue }
            if let code = end(job, status) { return code }
            if case .givenUp(let reason) = fleet.tend() {
                throw CommandFailure(reason, exitCode: ExitCode.jobFailed)
            }
            display.update(progress(job, status), at: .now)
        }
    }

    private mutating func end(_ job: JobStatus, _ status: CoordinatorStatus) -> Int32? {
        switch job.state {
        case .running, .publishing: return nil
        case .done:
            display.finish(progress(job, status))
            print(
                Report.sentence(
                    records: job.records,
                    failed: job.failedRecords,
                    output: output
                )
            )
            return job.failedRecords > 0 ? ExitCode.doneWithFailures : ExitCode.done
        case .failed:
            display.note("the job failed: \(job.message)")
            return ExitCode.jobFailed
        }
    }

    /// What is durable and what the workers are computing now, as one figure that only grows.
    private func progress(_ job: JobStatus, _ status: CoordinatorStatus) -> ProgressReport {
        let running = status.workers.reduce(0) { $0 + $1.runningRecords }
        let tokens = status.workers.reduce(0) { $0 + $1.runningTokens }
        let bytesPerRecord = job.records > 0 ? Double(job.answeredBytes) / Double(job.records) : 0
        let bytes = Double(job.answeredBytes) + bytesPerRecord * Double(running)
        return ProgressReport(
            elapsed: began.duration(to: .now),
            doneRecords: job.records + running,
            doneFraction: job.inputBytes > 0 ? min(1, bytes / Double(job.inputBytes)) : 1,
            tokens: job.tokens + tokens,
            failedRecords: job.failedRecords,
            workers: status.workers.count
        )
    }
}
