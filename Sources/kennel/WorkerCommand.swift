import CommandLine
import Glibc
import Platform
import Wire
import Worker

/// `kennel worker`: one worker process of a coordinator.
struct WorkerCommand {
    static let specification = CommandSpecification(
        name: "worker",
        summary: "Compute shards for a coordinator.",
        discussion: """
            Connects to a coordinator, keeps the connection alive, and computes what it is given, \
            with all its threads. It opens the model at the path that the job names. SIGTERM lets \
            it finish the shard at hand; a second one ends it at once.
            """,
        options: [
            .value("coordinator", "ADDRESS", "Where the coordinator listens, as tcp://HOST:PORT.")
        ] + EngineOptions.specifications(threads: "all cores", section: "Options") + [
            .value(
                "cache-mib",
                "MIB",
                default: .described("a quarter of the memory"),
                "Most memory for keys and values while texts are generated."
            ),
            .value(
                "instance",
                "NAME",
                default: .described("the host's name"),
                "The worker's name; the newest process of a name counts."
            ),
            .value(
                "drain-seconds",
                "N",
                default: .value("20"),
                "Time to deliver the shard at hand when it is told to end."
            ),
            .value(
                "walltime",
                "SECONDS",
                default: .described("no end"),
                "End within this time, as a batch system would end it; it drains before."
            ),
            .flag("quiet", "Say nothing but what costs speed, and why it ends."),
        ],
        examples: [
            .init(
                "kennel worker --coordinator tcp://127.0.0.1:5750",
                "Work for the coordinator of this machine."
            )
        ]
    )

    private let configuration: WorkerConfiguration
    private let isQuiet: Bool

    init(_ command: ParsedCommand) throws(CommandFailure) {
        let address: String
        let engine: EngineOptions
        let cacheMiB: Int
        let limits: WorkerLimits
        do throws(UsageError) {
            address = try command.require("coordinator", command.string("coordinator"))
            engine = try EngineOptions(command, cores: EngineOptions.cores)
            cacheMiB =
                try command.int("cache-mib", in: EngineMemory.cacheMiB)
                ?? EngineMemory.usualCacheMiB()
            limits = try Self.limits(command)
        } catch {
            throw CommandFailure(error)
        }
        isQuiet = command.flag("quiet")
        let endpoint: Endpoint
        do throws(WireError) {
            endpoint = try Endpoint.connecting(address)
        } catch {
            throw CommandFailure(error)
        }
        let instance = command.string("instance") ?? HostIdentity.hostName
        guard instance.utf8.count <= WireLimits.nameBytesMax else {
            throw .usage("--instance: a name has at most \(WireLimits.nameBytesMax) bytes")
        }
        let host = HostIdentity()
        var configuration = WorkerConfiguration(
            coordinator: endpoint,
            instance: instance,
            layout: engine.layout,
            pinning: engine.pinning,
            digests: try UserCache.digests(),
            cacheMiB: cacheMiB,
            build: Version.current,
            machineID: host.machineID,
            bootID: host.bootID,
            cores: EngineOptions.cores,
            memoryMiB: EngineMemory.machineMiB
        )
        configuration.limits = limits
        self.configuration = configuration
    }

    private static func limits(_ command: ParsedCommand) throws(UsageError) -> WorkerLimits {
        var limits = WorkerLimits()
        let drain = try command.int("drain-seconds", in: 1...86_400) ?? limits.drain / 1000
        limits.drain = drain * 1000
        // A drain and the last words must fit into it, and some work before.
        let least = drain + WorkerLimits.farewell / 1000 + 1
        limits.lifetime = try command.int("walltime", in: least...31_536_000).map { $0 * 1000 }
        return limits
    }

    func run() throws(CommandFailure) -> Int32 {
        let isQuiet = isQuiet
        let worker = Worker(configuration) { text, isComplaint in
            if !isQuiet || isComplaint { Console.complain("kennel worker: \(text)") }
        }
        // The signals' thread waits as long as the process lives.
        _ = OSThread(name: "signals") {
            while true {
                guard let signal = Signals.next(milliseconds: 60_000) else { continue }
                if signal != SIGCHLD { worker.drain() }
            }
        }
        do throws(WireError) {
            let (code, reason) = try worker.run()
            if code != ExitCode.done { Console.complain("kennel worker: \(reason)") }
            return code
        } catch {
            throw CommandFailure(error)
        }
    }
}
