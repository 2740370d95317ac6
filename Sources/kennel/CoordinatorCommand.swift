import CommandLine
import Coordinator
import Gateway
import Glibc
import Scheduling
import Wire

/// `kennel coordinator`: takes jobs and gives shards to workers until it is told to stop.
struct CoordinatorCommand {
    static let specification = CommandSpecification(
        name: "coordinator",
        summary: "Take jobs and give their shards to workers.",
        discussion: """
            Keeps jobs and answers in its state folder and goes on where it was after any end. \
            Workers connect to its address; kennel submit and kennel status reach it through the \
            socket control.sock in the state folder.
            """,
        options: [
            StateOption.specification,
            .value(
                "listen",
                "ADDRESS",
                default: .value("tcp://127.0.0.1:5750"),
                "Where workers connect to; this machine only, for now."
            ),
            .value(
                "stall-seconds",
                "N",
                default: .value("120"),
                "How long a shard may get on with nothing before another worker gets it."
            ),
        ],
        examples: [
            .init("kennel coordinator --state /var/lib/kennel", "Serve jobs from this folder.")
        ]
    )

    private let state: String
    private let endpoint: Endpoint
    private var limits = SchedulerLimits()

    init(_ command: ParsedCommand) throws(CommandFailure) {
        state = StateOption.path(command)
        do throws(UsageError) {
            let seconds = try command.int("stall-seconds", in: 1...86_400) ?? 120
            limits.stallAfter = .seconds(seconds)
        } catch {
            throw CommandFailure(error)
        }
        do throws(WireError) {
            endpoint = try Endpoint.listening(command.string("listen") ?? "")
        } catch {
            throw CommandFailure(error)
        }
    }

    func run() throws(CommandFailure) -> Int32 {
        let coordinator: Coordinator
        do throws(CoordinatorError) {
            coordinator = try Coordinator(
                state: state,
                listening: endpoint,
                limits: limits,
                keepsRoom: true
            )
        } catch {
            throw CommandFailure(error)
        }
        do throws(CommandFailure) {
            try serve(coordinator)
        } catch {
            coordinator.stop()
            throw error
        }
        coordinator.stop()
        // The last writes may fail, too.
        try check(coordinator)
        return ExitCode.done
    }

    /// Serves until a signal asks for the end.
    private func serve(_ coordinator: Coordinator) throws(CommandFailure) {
        let server: ControlServer
        do throws(GatewayError) {
            server = try ControlServer(
                socketPath: "\(state)/\(ControlRoutes.socketName)",
                router: ControlRoutes.router(of: coordinator)
            )
        } catch {
            throw CommandFailure(error.description, exitCode: ExitCode.configuration)
        }
        defer { server.stop() }
        Console.complain("kennel coordinator: workers connect to \(coordinator.endpoint)")
        while true {
            try check(coordinator)
            switch Signals.next(milliseconds: 500) {
            case SIGINT, SIGTERM, SIGHUP: return
            default: continue
            }
        }
    }

    private func check(_ coordinator: Coordinator) throws(CommandFailure) {
        let status = coordinator.status
        guard let failure = status.failure else { return }
        throw CommandFailure(failure, exitCode: status.failureExitCode)
    }
}
