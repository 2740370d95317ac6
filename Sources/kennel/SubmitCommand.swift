import CommandLine
import Coordinator
import Gateway

/// `kennel submit`: hands a job to a running coordinator of this machine.
struct SubmitCommand {
    static let specification = CommandSpecification(
        name: "submit",
        summary: "Hand a job to the coordinator of this machine.",
        discussion: """
            Returns as soon as the job is safe in the coordinator's ledger, or with --wait when \
            it has ended. The same job submitted twice is one job.
            """,
        arguments: JobOptions.arguments,
        options: JobOptions.specifications.filter { $0.name != "state" } + [
            StateOption.specification,
            .flag("wait", "Show progress and return when the job has ended."),
        ],
        examples: [
            .init(
                "kennel submit corpus.jsonl --model DIR --output labels.jsonl --wait",
                "Classify a corpus on all workers of the coordinator."
            )
        ]
    )

    private let request: JobRequest
    private let client: ControlClient
    private let waits: Bool

    init(_ command: ParsedCommand) throws(CommandFailure) {
        let command = try JobFile.expand(command, Self.specification)
        request = try Signals.interruptibly { () throws(CommandFailure) in
            try JobRequest(command, state: StateOption.path(command))
        }
        client = Control.client(command)
        waits = command.flag("wait")
    }

    func run() throws(CommandFailure) -> Int32 {
        // Silence is told before anything is copied.
        _ = try Control.status(client)
        let specification = try Signals.interruptibly { () throws(CommandFailure) in
            try request.withStandardInput().spooled()
        }
        let body = Array(CanonicalJSON.encode(specification).utf8)
        let submitted: ControlRoutes.Submitted
        do throws(CommandFailure) {
            submitted = try Control.ask { () throws(GatewayError) in
                let response = try client.post("/jobs", body: body)
                try response.check()
                return try response.value(as: ControlRoutes.Submitted.self)
            }
        } catch {
            // A coordinator that said no will not read them; one that is away may have said yes.
            if error.exitCode != ExitCode.tryAgain { request.removeSpools(of: specification) }
            throw error
        }
        if submitted.wasKnown { request.removeSpools(of: specification) }
        guard waits else {
            print("job \(submitted.id)")
            return ExitCode.done
        }
        var watch = JobWatch(id: submitted.id, wasKnown: submitted.wasKnown)
        var patience = Patience()
        return try watch.untilEnd(
            status: { () throws(CommandFailure) in try patience.status(client, submitted.id) },
            tend: {},
            advice: "the job goes on; kennel status \(submitted.id) tells how far it is",
            resumption: "kennel resume \(submitted.id) has it go on all the same"
        )
    }
}

/// The status of a coordinator that may be started again while somebody waits for its job.
private struct Patience {
    private var last = CoordinatorStatus()
    private var lastAnswer = ContinuousClock.now

    /// Silence after which nobody is expected to answer any more.
    private static let limit: Duration = .seconds(60)

    /// What the coordinator shows now, or what it showed last while it is away.
    mutating func status(
        _ client: ControlClient,
        _ id: String
    ) throws(CommandFailure) -> CoordinatorStatus {
        do throws(CommandFailure) {
            last = try Control.status(client)
            // One that ended while nobody looked may be shown no more.
            if !last.jobs.contains(where: { $0.id == id }), let job = try Control.job(client, id) {
                last.jobs.append(job)
            }
            lastAnswer = .now
        } catch {
            guard ContinuousClock.now - lastAnswer < Self.limit else {
                throw CommandFailure(
                    "\(error.message); the job goes on as soon as its coordinator is back",
                    exitCode: ExitCode.tryAgain
                )
            }
        }
        return last
    }
}
