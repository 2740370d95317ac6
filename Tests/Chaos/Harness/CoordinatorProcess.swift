package import Coordinator
import Gateway
import Glibc
import Platform

/// A real `kennel coordinator` on one state folder, as often as it is started.
package final class CoordinatorProcess {
    /// Where workers connect to.
    package let endpoint: String
    /// Its state folder.
    package let state: String
    /// The process of now or the last one; nil before the first start.
    package private(set) var child: ChildProcess?
    /// Words before the program's own, as a tracer's; used by the next start.
    package var wrapper: [String] = []
    /// Words behind the program's own; used by the next start.
    package var options: [String] = []
    private let log: String
    private var launched = ContinuousClock.now

    init(endpoint: String, state: String, folder: String) {
        self.endpoint = endpoint
        self.state = state
        log = "\(folder)/coordinator"
    }

    /// Starts it and waits until it answers.
    ///
    /// - Returns: the time that it took.
    @discardableResult
    package func start(within limit: Duration = .seconds(30)) throws -> Duration {
        try launch()
        return try awaitReady(within: limit)
    }

    /// Starts it; one that lives is killed before.
    package func launch() throws {
        child?.kill()
        launched = .now
        child = try ChildProcess(
            wrapper + [Programs.kennel, "coordinator", "--state", state, "--listen", endpoint]
                + options,
            log: log
        )
    }

    /// Waits until the process that was launched last answers.
    ///
    /// - Returns: the time since its launch.
    @discardableResult
    package func awaitReady(within limit: Duration = .seconds(30)) throws -> Duration {
        let said = errors.utf8.count
        try Waiting.until("the coordinator answered", within: limit, everyMilliseconds: 2) {
            if let end = child?.end {
                throw ChaosFailure("the coordinator ended \(end): \(Self.text(errors, from: said))")
            }
            return (try? status()) != nil
        }
        return ContinuousClock.now - launched
    }

    /// Whether its process lives.
    package var isAlive: Bool { child?.isAlive ?? false }

    /// Kills it with SIGKILL and waits until it is gone.
    package func kill() { child?.kill() }

    /// Stops it where it is, with SIGSTOP.
    package func pause() { child?.signal(SIGSTOP) }

    /// Has it go on after a pause.
    package func resume() { child?.signal(SIGCONT) }

    /// Asks it to end, and waits for that.
    @discardableResult
    package func terminate(within limit: Duration = .seconds(60)) throws -> ChildProcess.End? {
        child?.signal(SIGTERM)
        return try child?.end(within: limit)
    }

    /// What it shows of itself, over its control socket.
    package func status(timeoutSeconds: Int = 10) throws -> CoordinatorStatus {
        let path = "\(state)/control.sock"
        let client = ControlClient(socketPath: path, timeoutSeconds: timeoutSeconds)
        let response = try client.get("/status")
        try response.check()
        return try response.value(as: CoordinatorStatus.self)
    }

    private static func text(_ whole: String, from offset: Int) -> String {
        String(decoding: whole.utf8.dropFirst(offset), as: UTF8.self)
    }

    /// What it said to its standard error in all its lives.
    package var errors: String { Text.of("\(log).err") }
}
