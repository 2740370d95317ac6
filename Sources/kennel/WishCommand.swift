import CommandLine
import Coordinator
import Gateway
import Scheduling

/// `kennel pause`, `kennel resume` and `kennel cancel`: what is wished of a job.
struct WishCommand {
    /// What a job is to do; also the last part of the route.
    enum Wish: String {
        case pause, resume, cancel
    }

    static let pause = specification(
        .pause,
        summary: "Give no more shards of a job until it is resumed.",
        discussion: """
            Workers finish the shards that they have, and their answers count. A paused job stays \
            paused when the coordinator is started again; other jobs go on.
            """
    )
    static let resume = specification(
        .resume,
        summary: "Have a paused or failed job go on where it was.",
        discussion: """
            A job that is paused for its error answers goes on with any number of them, or with \
            the number given here.
            """,
        options: [JobOptions.maxErrors]
    )
    static let cancel = specification(
        .cancel,
        summary: "End a job for good and remove its answers.",
        discussion: """
            Workers stop at once, no output is written, and what was answered is removed. The \
            same job submitted again begins anew.
            """
    )

    private static func specification(
        _ wish: Wish,
        summary: String,
        discussion: String,
        options: [OptionSpecification] = []
    ) -> CommandSpecification {
        CommandSpecification(
            name: wish.rawValue,
            summary: summary,
            discussion: discussion,
            arguments: [
                ArgumentSpecification("JOB", count: .one, "The job, as kennel status names it.")
            ],
            options: [StateOption.specification] + options
        )
    }

    private let wish: Wish
    private let job: String
    private let maxErrors: ErrorBudget?
    private let client: ControlClient

    init(_ wish: Wish, _ command: ParsedCommand) throws(CommandFailure) {
        self.wish = wish
        job = command.arguments[0]
        do throws(UsageError) {
            maxErrors = wish == .resume ? try JobOptions.errorBudget(command) : nil
        } catch {
            throw CommandFailure(error)
        }
        client = Control.client(command)
    }

    func run() throws(CommandFailure) -> Int32 {
        let now = try Control.ask { () throws(GatewayError) in
            let body = HTTPResponse.json(ControlRoutes.Resumption(maxErrors: maxErrors)).body
            let path = ControlRoutes.path(of: job)
            let response = try client.post("\(path)/\(wish.rawValue)", body: body)
            try response.check()
            return try response.value(as: JobStatus.self)
        }
        print(Report.wished(now))
        return ExitCode.done
    }
}
