import CommandLine
import Coordinator
import Glibc

/// Watches one job to its end: shows progress, takes signals, keeps the workers alive.
struct JobWatch: ~Copyable {
    private let id: String
    /// Whether the job was there before this command.
    private let wasKnown: Bool
    private let began = ContinuousClock.now
    private var display = ProgressDisplay()
    private var isPauseTold = false
    private var isWaitTold = false

    /// How often workers and progress are looked at: so often that a short job's end is not missed
    /// by more than a hundredth of its time.
    private var pauseMilliseconds: Int {
        let hundredth = Int(began.duration(to: .now) / .milliseconds(100))
        return min(50, max(5, hundredth))
    }

    /// Time after which a job that is not shown is gone.
    private static let absenceMax: Duration = .seconds(5)

    init(id: String, wasKnown: Bool) {
        self.id = id
        self.wasKnown = wasKnown
    }

    /// Returns the exit code of the job.
    ///
    /// - Parameters:
    ///   - status: what the coordinator shows now.
    ///   - tend: looks after workers, where they are ours.
    ///   - advice: what to do after an interruption.
    ///   - resumption: what to do where the job is paused for its error answers.
    mutating func untilEnd(
        status: () throws(CommandFailure) -> CoordinatorStatus,
        tend: () throws(CommandFailure) -> Void,
        advice: String,
        resumption: String
    ) throws(CommandFailure) -> Int32 {
        var isFirst = true
        var lastSeen = ContinuousClock.now
        while true {
            let status = try status()
            if let failure = status.failure {
                throw CommandFailure(failure, exitCode: status.failureExitCode)
            }
            if let job = status.jobs.first(where: { $0.id == id }) {
                if let code = end(job, status, wasDone: isFirst && wasKnown) { return code }
                if let code = pause(job, resumption) { return code }
                tellOfWait(job)
                isFirst = false
                lastSeen = .now
                try tend()
                display.update(progress(job, status), at: .now)
            } else if ContinuousClock.now - lastSeen > Self.absenceMax {
                throw CommandFailure(
                    "the coordinator knows no job \(id) any more; submit it again",
                    exitCode: ExitCode.jobFailed
                )
            }
            if let signal = Signals.next(milliseconds: pauseMilliseconds), signal != SIGCHLD {
                display.note("interrupted; \(advice)")
                return ExitCode.interrupted
            }
        }
    }

    private mutating func end(
        _ job: JobStatus,
        _ status: CoordinatorStatus,
        wasDone: Bool
    ) -> Int32? {
        switch job.state {
        case .running, .paused, .publishing, .cancelling: return nil
        case .cancelled:
            display.note("the job was cancelled; \(Report.removed(job))")
            return ExitCode.cancelled
        case .done:
            if wasDone {
                print("already done: \(Report.sentence(job))")
            } else {
                display.finish(progress(job, status))
                print(Report.sentence(job))
            }
            return job.failedRecords > 0 ? ExitCode.doneWithFailures : ExitCode.done
        case .failed:
            display.note("the job failed: \(job.message)")
            return ExitCode.jobFailed
        }
    }

    /// Tells of an output that waits for room, once.
    private mutating func tellOfWait(_ job: JobStatus) {
        guard job.state == .publishing, !job.message.isEmpty else { return }
        if !isWaitTold { display.note(job.message) }
        isWaitTold = true
    }

    /// Tells of a pause, once; one that nobody wished is an end for who waits.
    private mutating func pause(_ job: JobStatus, _ resumption: String) -> Int32? {
        guard job.state == .paused else {
            isPauseTold = false
            return nil
        }
        guard job.message.isEmpty else {
            display.note("the job is paused: \(job.message); \(resumption)")
            return ExitCode.paused
        }
        if !isPauseTold { display.note("the job is paused; kennel resume \(id) has it go on") }
        isPauseTold = true
        return nil
    }

    /// What is durable and what the workers are computing now; of a lost worker the latter is gone.
    private func progress(_ job: JobStatus, _ status: CoordinatorStatus) -> ProgressReport {
        let bytesPerRecord = job.records > 0 ? Double(job.answeredBytes) / Double(job.records) : 0
        let bytes = Double(job.answeredBytes) + bytesPerRecord * Double(job.runningRecords)
        return ProgressReport(
            elapsed: began.duration(to: .now),
            doneRecords: job.records + job.runningRecords,
            doneFraction: job.inputBytes > 0 ? min(1, bytes / Double(job.inputBytes)) : 1,
            tokens: job.tokens + job.runningTokens,
            failedRecords: job.failedRecords,
            workers: status.workers.count
        )
    }
}
