package import Coordinator
import Platform

/// A job that is handed in by `kennel submit`, and what comes of it.
package struct ChaosJob {
    /// Its lines.
    package let corpus: ChaosCorpus
    /// Where its answers shall stand.
    package let output: String
    /// The most records of a shard; nil for the coordinator's choice.
    package var shardRecords: Int?
    /// Its 26 letters and digits, once it was handed in.
    package private(set) var id: String?
    /// The most answers that were ever shown as durable.
    package private(set) var durableRecords = 0

    /// A job that is not handed in yet.
    package init(_ corpus: ChaosCorpus, output: String, shardRecords: Int? = nil) {
        self.corpus = corpus
        self.output = output
        self.shardRecords = shardRecords
    }

    /// Starts the command that hands it in.
    package func startSubmission(to cluster: Cluster) throws -> ChildProcess {
        var words = [
            "submit", corpus.path, "--model", Programs.model, "--output", output,
            "--state", cluster.coordinator.state,
        ]
        if let shardRecords { words += ["--shard-records", "\(shardRecords)"] }
        return try cluster.startKennel(words)
    }

    /// The job as the command that handed it in named it; nil where that named none.
    package func accepted(as command: ChildProcess) -> ChaosJob? {
        guard command.output.hasPrefix("job ") else { return nil }
        var job = self
        job.id = String(command.output.dropFirst(4).prefix { $0 != "\n" })
        return job
    }

    /// Hands it in.
    ///
    /// - Returns: how the command ended and what it said.
    package mutating func trySubmit(
        to cluster: Cluster,
        within limit: Duration = .seconds(60)
    ) throws -> (end: ChildProcess.End, errors: String) {
        let command = try startSubmission(to: cluster)
        let end = try command.end(within: limit)
        if end == .code(0), let accepted = accepted(as: command) { id = accepted.id }
        return (end, command.errors)
    }

    /// Hands it in, which must succeed.
    package mutating func submit(to cluster: Cluster) throws {
        let (end, errors) = try trySubmit(to: cluster)
        guard end == .code(0), id != nil else {
            throw ChaosFailure("kennel submit ended \(end): \(errors)")
        }
    }

    /// What the coordinator shows of it; nil while it does not answer.
    ///
    /// Throws where an accepted job is not there, or answers that were durable are not any more.
    package mutating func look(at cluster: Cluster) throws -> JobStatus? {
        guard let id, let status = try? cluster.coordinator.status() else { return nil }
        guard let job = status.jobs.first(where: { $0.id == id }) else {
            throw ChaosFailure("the accepted job \(id) is gone")
        }
        guard job.records >= durableRecords else {
            throw ChaosFailure(
                "\(durableRecords) answers of job \(id) were durable, and \(job.records) are left"
            )
        }
        durableRecords = job.records
        return job
    }

    /// Waits until so many answers are durable, or it has ended.
    package mutating func awaitRecords(
        _ count: Int,
        in cluster: Cluster,
        within limit: Duration
    ) throws {
        try Waiting.until("\(count) answers were durable", within: limit) {
            guard let job = try look(at: cluster) else { return false }
            return job.records >= count || job.state == .done || job.state == .failed
        }
    }

    /// Waits for its end; the coordinator may be away in between.
    @discardableResult
    package mutating func awaitEnd(
        in cluster: Cluster,
        within limit: Duration
    ) throws -> JobStatus {
        var last: JobStatus?
        do {
            try Waiting.until("the job ended", within: limit, everyMilliseconds: 20) {
                last = try look(at: cluster) ?? last
                return last?.state == .done || last?.state == .failed
            }
        } catch {
            let shown = last.map { "\($0.state), \($0.records) of \(corpus.records) records" }
            throw ChaosFailure("\(error); the job is \(shown ?? "never shown")")
        }
        guard let last else { throw ChaosFailure("the job has no end") }
        return last
    }

    /// Waits for its end, which must be a good one, and reads its output.
    package mutating func awaitAnswers(
        in cluster: Cluster,
        within limit: Duration
    ) throws -> OutputCheck {
        let end = try awaitEnd(in: cluster, within: limit)
        guard end.state == .done else { throw ChaosFailure("the job failed: \(end.message)") }
        return OutputCheck(output, of: corpus)
    }
}
