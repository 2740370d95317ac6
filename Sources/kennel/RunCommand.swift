import CommandLine
import Coordinator
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
            .value("workers", "N", default: .value("1"), section: "Engine", "Worker processes.")
        ] + EngineOptions.specifications(threads: "cores / workers", of: "each worker's engine") + [
            .value(
                "cache-mib",
                "MIB",
                default: .described("a quarter of the memory / workers"),
                section: "Engine",
                "Most memory of each worker for keys and values while texts are generated."
            )
        ],
        examples: [
            .init(
                "kennel run corpus.jsonl --model DIR --output labels.jsonl",
                "Classify each record of a corpus."
            ),
            .init("kennel run job.json", "Run a job file: the same fields as the options."),
        ]
    )

    private let request: JobRequest
    private let workers: Int
    private let engine: EngineOptions
    private let cacheMiB: Int

    init(_ command: ParsedCommand) throws(CommandFailure) {
        let command = try JobFile.expand(command, Self.specification)
        do throws(UsageError) {
            workers = try command.int("workers", in: 1...256) ?? 1
            engine = try EngineOptions(
                command,
                cores: max(1, EngineOptions.cores / workers),
                isAlone: workers == 1
            )
            cacheMiB =
                try command.int("cache-mib", in: EngineMemory.cacheMiB)
                ?? EngineMemory.usualCacheMiB(workers: workers)
        } catch {
            throw CommandFailure(error)
        }
        request = try Signals.interruptibly { () throws(CommandFailure) in try JobRequest(command) }
    }

    func run() throws(CommandFailure) -> Int32 {
        let coordinator = try open()
        defer { coordinator.stop() }
        let (id, wasKnown) = try admit(to: coordinator)
        var fleet = try WorkerFleet(
            count: workers,
            engine: engine,
            cacheMiB: cacheMiB,
            endpoint: coordinator.endpoint
        )
        defer { fleet.stop() }
        var watch = JobWatch(id: id, wasKnown: wasKnown)
        var isFirst = true
        return try watch.untilEnd(
            status: { coordinator.status },
            tend: { () throws(CommandFailure) in
                if isFirst { Console.complain("kennel: \(engineSentence)") }
                isFirst = false
                try fleet.tend()
            },
            advice: "run the same command again to go on",
            resumption: "run the same command again with more --max-errors, or without, to go on"
        )
    }

    /// Told of a job that has something left to be computed.
    private var engineSentence: String {
        (workers == 1 ? "engine: " : "engine of each worker: ")
            + request.layoutSentence(engine.layout)
    }

    /// Goes on with the job of the state folder, or begins a new one where there is none.
    private func admit(
        to coordinator: Coordinator
    ) throws(CommandFailure) -> (id: String, wasKnown: Bool) {
        let request = try Signals.interruptibly { () throws(CommandFailure) in
            try self.request.withStandardInput()
        }
        var specification = request.specification
        let known: JobID?
        let lacksCopies: Bool
        do throws(CommandFailure) {
            try Self.wrap { () throws(CoordinatorError) in
                let differences = try coordinator.differences(from: specification)
                guard differences.isEmpty else {
                    throw CoordinatorError.otherJob(path: request.state, differences: differences)
                }
            }
            lacksCopies = try Self.wrap { () throws(CoordinatorError) in
                try coordinator.lacksCopies(specification)
            }
            if lacksCopies { specification = try Self.spooled(request) }
            known = try Self.wrap { () throws(CoordinatorError) in
                try coordinator.find(specification)
            }
        } catch {
            request.removeSpools(of: specification)
            throw error
        }
        if let known {
            request.removeSpools(of: specification)
            return (known.description, true)
        }
        let whole = lacksCopies ? specification : try Self.spooled(request)
        let id = try Self.wrap { () throws(CoordinatorError) in try coordinator.submit(whole) }
        return (id.description, false)
    }

    private static func spooled(
        _ request: JobRequest
    ) throws(CommandFailure) -> JobSpecification {
        try Signals.interruptibly { () throws(CommandFailure) in try request.spooled() }
    }

    private static func wrap<Value>(
        _ body: () throws(CoordinatorError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(CoordinatorError) {
            return try body()
        } catch {
            throw CommandFailure(error)
        }
    }

    private func open() throws(CommandFailure) -> Coordinator {
        var limits = SchedulerLimits()
        // Our own workers end with us: no lease of an earlier life can come back.
        limits.readoptionGrace = .zero
        // And there are no others: what they cannot compute, nobody will.
        limits.refusalGrace = .zero
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
}
