import CommandLine
import Coordinator
import Gateway

/// `kennel status`: what the coordinator of this machine is doing.
struct StatusCommand {
    static let specification = CommandSpecification(
        name: "status",
        summary: "Show the jobs and workers of the coordinator of this machine.",
        arguments: [ArgumentSpecification("JOB", count: .optional, "Show this job alone.")],
        options: [
            StateOption.specification,
            .flag("json", "Print JSON."),
        ]
    )

    private let job: String?
    private let isJSON: Bool
    private let client: ControlClient

    init(_ command: ParsedCommand) {
        job = command.arguments.first
        isJSON = command.flag("json")
        client = Control.client(command)
    }

    func run() throws(CommandFailure) -> Int32 {
        guard let job else {
            let status = try Control.status(client)
            print(isJSON ? CanonicalJSON.encode(status) : Report.table(status))
            return ExitCode.done
        }
        guard let found = try Control.job(client, job) else {
            throw .usage("the coordinator has no job \(job); kennel status lists the latest")
        }
        print(isJSON ? CanonicalJSON.encode(found) : Report.line(found))
        return ExitCode.done
    }
}
