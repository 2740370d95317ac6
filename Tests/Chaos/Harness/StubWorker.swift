import Glibc

/// A real worker process without an engine, as often as it is started.
package final class StubWorker {
    /// What it is started with.
    package struct Options {
        /// Its name; two that run at once under one name are clones.
        package var instance: String
        /// The host that it claims to run on.
        package var machine = "host"
        /// Shards at a time.
        package var slots = 1
        /// Milliseconds that a shard takes.
        package var delay = 0
        /// Whether it does what lines ask for.
        package var readsMarks = false
        /// Milliseconds that a shard may hang on after it was taken away; nil for minutes.
        package var passLimit: Int?
        /// Where it connects to; nil for the coordinator's own endpoint.
        package var endpoint: String?
        /// Words before the program's own, as "prlimit --nofile=64" or "ip netns exec NAME".
        package var wrapper: [String] = []

        /// A worker of this name on one machine with one slot.
        package init(instance: String) {
            self.instance = instance
        }
    }

    /// What the next start uses.
    package var options: Options
    /// The process of now or the last one; nil before the first start.
    package private(set) var child: ChildProcess?
    private let coordinator: String
    private let log: String

    init(_ options: Options, coordinator: String, folder: String) {
        self.options = options
        self.coordinator = coordinator
        log = "\(folder)/worker-\(options.instance)"
    }

    /// Starts it; one that lives is killed before.
    package func start() throws {
        child?.kill()
        var words =
            options.wrapper + [
                Programs.stubWorker, "--coordinator", options.endpoint ?? coordinator,
                "--instance", options.instance, "--machine", options.machine,
                "--slots", "\(options.slots)", "--delay", "\(options.delay)",
            ]
        words.append("--tell")
        if options.readsMarks { words.append("--marks") }
        if let limit = options.passLimit { words += ["--pass-limit", "\(limit)"] }
        child = try ChildProcess(words, log: log)
    }

    /// Whether its process lives.
    package var isAlive: Bool { child?.isAlive ?? false }

    /// Kills it with SIGKILL and waits until it is gone.
    package func kill() { child?.kill() }

    /// Stops it where it is, with SIGSTOP.
    package func pause() { child?.signal(SIGSTOP) }

    /// Has it go on after a pause.
    package func resume() { child?.signal(SIGCONT) }

    /// Asks it to give back what it has and to leave.
    package func terminate() { child?.signal(SIGTERM) }

    /// Shards that it computed in all its lives, each by its first line.
    package var computed: [Int] {
        Text.of("\(log).out").split(separator: "\n").compactMap { Int($0) }
    }

    /// What it said to its standard error in all its lives.
    package var errors: String { Text.of("\(log).err") }
}
