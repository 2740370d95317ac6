import CommandLine
import Coordinator

/// What is said of jobs and workers.
enum Report {
    /// The outcome of a job that is done.
    static func sentence(_ job: JobStatus) -> String {
        let answers = "\(Quantity.counted(job.records, "answer")) in \(job.output)"
        guard job.failedRecords > 0 else { return answers }
        return "\(answers), \(Quantity.grouped(job.failedRecords)) of them errors"
    }

    /// What became of a wish.
    static func wished(_ job: JobStatus) -> String {
        switch job.state {
        case .cancelled: "job \(job.id) is cancelled; \(removed(job))"
        case .paused where job.message.isEmpty:
            "job \(job.id) is paused; kennel resume \(job.id) has it go on"
        case .running: "job \(job.id) goes on"
        case .paused, .publishing, .done, .failed, .cancelling: line(job)
        }
    }

    /// What is gone with a job that was cancelled.
    static func removed(_ job: JobStatus) -> String {
        job.records > 0
            ? "\(Quantity.counted(job.records, "answer")) that it had are removed"
            : "it had no answers yet"
    }

    /// All jobs and workers, a line each.
    static func table(_ status: CoordinatorStatus) -> String {
        var lines = status.jobs.map(line)
        if lines.isEmpty { lines = ["no jobs"] }
        lines.append("")
        lines += status.workers.map { worker in
            "worker \(worker.name): \(worker.state), "
                + "\(Quantity.counted(worker.leases, "shard")) at hand"
        }
        if status.workers.isEmpty { lines.append("no workers") }
        if let reason = status.littleRoom { lines += ["", "the disk is nearly full: \(reason)"] }
        if let reason = status.fullDisk { lines += ["", "the disk is full: \(reason)"] }
        return lines.joined(separator: "\n")
    }

    /// One job.
    static func line(_ job: JobStatus) -> String {
        let share = job.inputBytes > 0 ? 100 * job.answeredBytes / job.inputBytes : 100
        let counts =
            "\(Quantity.counted(job.records, "answer")), "
            + "\(Quantity.grouped(job.failedRecords)) errors"
        let end = job.message.isEmpty ? "" : ": \(job.message)"
        return "job \(job.id): \(job.state.rawValue), \(share) %, \(counts)\(end)"
    }
}
