import CommandLine
import Coordinator
import Gateway

/// The way to a running coordinator.
enum Control {
    static func client(_ command: ParsedCommand) -> ControlClient {
        ControlClient(socketPath: "\(StateOption.path(command))/\(ControlRoutes.socketName)")
    }

    static func status(_ client: ControlClient) throws(CommandFailure) -> CoordinatorStatus {
        try ask { () throws(GatewayError) in
            let response = try client.get("/status")
            try response.check()
            return try response.value(as: CoordinatorStatus.self)
        }
    }

    /// A job as the coordinator knows it, also one that ended long ago; nil where it knows none.
    static func job(_ client: ControlClient, _ id: String) throws(CommandFailure) -> JobStatus? {
        try ask { () throws(GatewayError) in
            let response = try client.get(ControlRoutes.path(of: id))
            if response.status == 404 { return nil }
            try response.check()
            return try response.value(as: JobStatus.self)
        }
    }

    /// Asks the coordinator; its refusals and its silence become the command's failure.
    static func ask<Answer>(
        _ body: () throws(GatewayError) -> Answer
    ) throws(CommandFailure) -> Answer {
        do throws(GatewayError) {
            return try body()
        } catch {
            throw CommandFailure(error.description, exitCode: exitCode(of: error))
        }
    }

    /// Silence may end by itself; what was refused must be mended.
    static func exitCode(of error: GatewayError) -> Int32 {
        switch error {
        case .noCoordinator, .brokenExchange, .problem(status: 507, _, _): ExitCode.tryAgain
        default: ExitCode.usage
        }
    }
}
