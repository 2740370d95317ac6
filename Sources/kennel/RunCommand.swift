import CommandLine
import Coordinator
import Glibc
import Ledger
import Platform
import Scheduling
import Wire

/// `kennel run`: a whole job on this machine, with a coordinator and workers of its own.
struct RunCommand {
    static let specification = CommandSpecification(
        name: "run",
        summary: "Run a job on this machine.",
        discussion: """
            Starts its own coordinator and worker processes, shows how far they are, and puts the \
            answers into the output: one line for each record, in input order. After a crash or \
            Ctrl-C the same command goes on where it was.
            """,
        arguments: JobOptions.arguments,
        options: JobOptions.specifications + [
            .value("workers", "N", default: .value("1"), section: "Engine", "Worker processes."),
            .value(
                "threads",
                "N",
                default: .described("cores / workers"),
                section: "Engine",
                "Threads of each worker's engine."
            ),
        ],
        examples: [
            .init(
                "kennel run corpus.jsonl --model DIR --output labels.jsonl",
                "Classify each record of a corpus."
            )
        ]
    )

    private let request: JobRequest
    private let workers: Int
    private let threads: Int

    init(_ command: ParsedCommand) throws(CommandFailure) {
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        do throws(UsageError) {
            workers = try command.int("workers", in: 1...256) ?? 1
            threads = try command.int("threads", in: 1...1024) ?? max(1, cores / workers)
        } catch {
            throw CommandFailure(error)
        }
        request = try JobRequest(command)
    }

    func run() throws(CommandFailure) -> Int32 {
        let coordinator = try open()
        defer { coordinator.stop() }
        switch try admit(to: coordinator) {
        case .alreadyDone(let progress):
            print("already done: \(Report.sentence(progress, output: request.specification.output))")
            return progress.failedRecords > 0 ? ExitCode.doneWithFailures : ExitCode.done
        case .job(let id):
            var fleet = WorkerFleet(
                count: workers,
                threads: threads,
                endpoint: coordinator.endpoint
            )
            defer { fleet.stop() }
            var watch = JobWatch(id: id, output: request.specification.output)
            return try watch.untilEnd(of: coordinator, &fleet)
        }
    }

    private func open() throws(CommandFailure) -> Coordinator {
        var limits = SchedulerLimits()
        // Our own workers end with us: no lease of an earlier life can come back.
        limits.readoptionGrace = .zero
        do throws(CoordinatorError) {
            let endpoint: Endpoint
            do throws(WireError) {
                endpoint = try Endpoint.listening("tcp://127.0.0.1:*")
            } catch {
                throw CoordinatorError.wire(error)
            }
            return try Coordinator(state: request.state, listening: endpoint, limits: limits)
        } catch {
            throw CommandFailure(error)
        }
    }

    private enum Admission {
        case job(String)
        case alreadyDone(JobProgress)
    }

    /// Goes on with the job of the state folder, or takes in a new one where there is none.
    private func admit(to coordinator: Coordinator) throws(CommandFailure) -> Admission {
        let specification = request.specification
        if let last = coordinator.recovered.last {
            let differences = try differences(from: last.row.identity)
            guard differences.isEmpty else {
                throw CommandFailure(
                    .otherJob(path: request.state, differences: differences)
                )
            }
            switch last.row.state {
            case .running, .publishing: return .job(last.row.id.description)
            case .failed:
                coordinator.resume(last.row.id)
                return .job(last.row.id.description)
            case .done:
                if Files.exists(specification.output), !specification.replacesOutput {
                    return .alreadyDone(last.description.progress)
                }
            }
        }
        if Files.exists(specification.output), !specification.replacesOutput {
            throw CommandFailure(.outputExists(path: specification.output))
        }
        return .job(coordinator.submit(specification).description)
    }

    private func differences(from identity: String) throws(CommandFailure) -> [String] {
        guard let other = try? CanonicalJSON.decode(JobIdentity.self, from: identity) else {
            throw CommandFailure(
                .ledger(.damaged(path: request.state, what: "its job has no readable identity"))
            )
        }
        return request.specification.identity.differences(from: other)
    }
}
