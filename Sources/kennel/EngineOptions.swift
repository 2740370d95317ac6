import CommandLine
import Doge
import Glibc
import Platform

/// The options that say how an engine's threads share the work; none of them changes an answer.
struct EngineOptions {
    /// What the options ask for, whatever the model.
    let layout: EngineLayout.Wish
    /// Whether its threads may be kept on cores.
    let pinning: Pinning

    /// Threads of one engine that may be asked for, all replicas together.
    static let threadCounts = 1...1024

    /// This machine, as far as this process may use it.
    private static let machine = Result { () throws(SystemCallError) in try Machine() }

    /// Cores that this process may use, each hardware thread as one; where they cannot be read, all
    /// that are online.
    ///
    /// Never more than a control group gives time for: threads above that would
    /// all be stopped for a part of each tenth of a second.
    static var cores: Int {
        let cores =
            switch machine {
            case .success(let machine): machine.topology.hardwareThreads.count
            case .failure: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            }
        guard let quota = ControlGroup().processors else { return cores }
        return min(cores, max(1, Int(min(quota, 1024))))
    }

    /// The last cache as a core sees it, bytes; a usual one where the system does not tell.
    private static var lastCacheBytes: Int {
        (try? machine.get())?.topology.lastCacheBytes ?? EngineLayout.Wish.cacheBytesUsual
    }

    /// - Parameter isAlone: no engine beside it is meant to use the same cores.
    private static func pinning(
        _ command: ParsedCommand,
        isAlone: Bool
    ) throws(UsageError) -> Pinning {
        let isAsked = command.flag("pin")
        if command.flag("no-pin") {
            guard !isAsked else {
                throw .idleOption("--pin", beside: "beside --no-pin", advice: "leave out --no-pin")
            }
            return .off(.asked)
        }
        guard isAlone else {
            guard !isAsked else {
                throw .idleOption(
                    "--pin",
                    beside: "where several workers share the cores",
                    advice: "say --workers 1"
                )
            }
            return .off(.neighbours)
        }
        switch machine {
        case .success(let machine): return isAsked ? .on(machine) : .usual(machine)
        case .failure(let error): return .unknown(error)
        }
    }

    /// - Parameters:
    ///   - threads: how many there are unless the command says.
    ///   - engine: whose threads they are.
    static func specifications(
        threads: String,
        of engine: String = "the engine",
        section: String = "Engine"
    ) -> [OptionSpecification] {
        [
            .value(
                "threads",
                "N",
                default: .described(threads),
                section: section,
                "Threads of \(engine)."
            ),
            .value(
                "replicas",
                "N",
                default: .value("auto"),
                section: section,
                "Teams of threads that take different records and share the weights."
            ),
            .value(
                "tensor-parallel",
                "N",
                default: .value("auto"),
                section: section,
                "Threads of each team, which split every layer among them."
            ),
            .flag(
                "pin",
                section: section,
                "Keep each thread on a core wherever there is one for each; usually only where "
                    + "there are several NUMA nodes or last caches."
            ),
            .flag("no-pin", section: section, "Never keep a thread on a core."),
        ]
    }

    /// - Parameters:
    ///   - cores: threads where nobody says how many.
    ///   - isAlone: no engine beside it is meant to use the same cores.
    init(_ command: ParsedCommand, cores: Int, isAlone: Bool = true) throws(UsageError) {
        let asked = try command.int("threads", in: Self.threadCounts)
        let replicas = try Self.count(command, "replicas")
        let ranks = try Self.count(command, "tensor-parallel")
        let (size, name) =
            switch (replicas, ranks) {
            case (let replicas?, let ranks?):
                (replicas * ranks, "the product of --replicas and --tensor-parallel")
            case (let replicas?, nil): (replicas, "a multiple of --replicas")
            case (nil, let ranks?): (ranks, "a multiple of --tensor-parallel")
            case (nil, nil): (1, "")
            }
        guard Self.threadCounts.contains(size) else {
            throw .invalidValues(
                option: "--replicas",
                expected: "at most \(Self.threadCounts.upperBound) threads in all teams together",
                got: "\(size)"
            )
        }
        let fits = asked.map { replicas == nil || ranks == nil ? $0 % size == 0 : $0 == size }
        if fits == false {
            throw .invalidValues(
                option: "--threads",
                expected: "\(name), which is \(size)",
                got: "\(asked ?? 0)"
            )
        }
        let usual = replicas == nil || ranks == nil ? max(size, cores / size * size) : size
        layout = EngineLayout.Wish(
            threads: asked ?? usual,
            replicas: replicas,
            ranks: ranks,
            cacheBytes: Self.lastCacheBytes,
            cacheShare: (try? Self.machine.get())?.topology.lastCacheShare
        )
        pinning = try Self.pinning(command, isAlone: isAlone)
    }

    /// The same options for another process.
    var words: [String] {
        var words = ["--threads", "\(layout.threads)"]
        if let replicas = layout.replicas { words += ["--replicas", "\(replicas)"] }
        if let ranks = layout.ranks { words += ["--tensor-parallel", "\(ranks)"] }
        switch pinning {
        case .off: words.append("--no-pin")
        case .on: words.append("--pin")
        case .usual, .unknown: break
        }
        return words
    }

    /// A number of teams, or of threads in each; nil where the model decides.
    private static func count(
        _ command: ParsedCommand,
        _ option: String
    ) throws(UsageError) -> Int? {
        guard let text = command.string(option), text != "auto" else { return nil }
        guard let count = Int(text), threadCounts.contains(count) else {
            let bounds = "from \(threadCounts.lowerBound) to \(threadCounts.upperBound)"
            throw .invalidValue(
                option: "--\(option)",
                expected: "auto or a whole number \(bounds)",
                got: text
            )
        }
        return count
    }
}
