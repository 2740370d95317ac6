package import Platform

/// Which core each thread of an engine keeps to, and where its weights lie; no answer depends on
/// either.
package struct Placement: Equatable, Sendable {
    /// The core of each thread: (replicas, ranks); nil where all are free.
    package let seats: [[Topology.Core]]?
    /// Why, in one sentence.
    package var reason: String { seating + moving }
    /// Where threads are, and why.
    private let seating: String
    /// Where weights are, if that is planned: the rest of the sentence.
    private let moving: String

    /// The plan for an engine, where it may have one.
    package init(_ layout: EngineLayout, _ pinning: Pinning) {
        switch pinning {
        case .off(.asked): self.init(free: "threads are not pinned, as asked for")
        case .off(.neighbours):
            self.init(free: "threads are not pinned: other workers use the same cores")
        case .unknown(let error):
            self.init(free: "threads are not pinned: \(error)")
        case .usual(let machine) where machine.topology.isUniform:
            let count = machine.topology.cores.count
            self.init(
                free: count == 1
                    ? "threads are not pinned: there is one core"
                    : "threads are not pinned: all cores share a NUMA node and a last cache"
            )
        case .usual(let machine), .on(let machine): self.init(layout, on: machine.topology)
        }
    }

    /// The plan for an engine that is alone on its cores.
    ///
    /// Threads are pinned only where each has a core, and each core a thread. With fewer threads
    /// another engine may be meant to use the rest, and would begin with the same cores; with more
    /// some share a core, and the system moves them as it needs.
    package init(_ layout: EngineLayout, on topology: Topology) {
        let (cores, hardware) = (topology.cores, topology.hardwareThreads)
        switch layout.threads {
        case cores.count: self.init(layout, cores, each: "a core")
        case hardware.count: self.init(layout, hardware, each: "a hardware thread")
        case hardware.count...:
            let count = "\(layout.threads) of them share \(Self.count(cores.count, "core"))"
            self.init(free: "threads are not pinned: \(count)")
        default:
            let thing = hardware.count == cores.count ? "core" : "hardware thread"
            let count = "they take \(layout.threads) of \(Self.count(hardware.count, thing))"
            self.init(free: "threads are not pinned: \(count), and neighbours may be on any")
        }
    }

    /// As many threads as cores.
    private init(_ layout: EngineLayout, _ cores: [Topology.Core], each: String) {
        var free = FreeCores(cores)
        let seats = (0..<layout.replicas).map { _ in free.take(layout.ranks) }
        let homes = Self.homes(seats)
        moving =
            switch homes.map(\.count).max() {
            case nil: ""
            case 1: ", and weights are moved to the node of the rank that reads them"
            default: ", and weights are moved in slices to the nodes of the replicas in turn"
            }
        seating = "each thread is pinned to \(each) of its own"
        self.seats = seats
    }

    private init(free reason: String) {
        (seats, seating, moving) = (nil, reason, "")
    }

    /// What of the plan could not be had, in one sentence with the remedy; nil where all could.
    ///
    /// - Parameters:
    ///   - pin: why a thread is free.
    ///   - bind: why weights lie where they lay.
    func failure(pin: SystemCallError?, bind: SystemCallError?) -> String? {
        let (calls, what) =
            switch (pin, bind) {
            case (nil, nil): ("", "")
            case (_?, nil): ("sched_setaffinity", "not every thread is pinned")
            case (nil, _?): ("mbind", "\(seating), but not all weights are moved to their nodes")
            case (_?, _?):
                (
                    "sched_setaffinity and mbind",
                    "neither every thread is pinned nor are all weights moved to their nodes"
                )
            }
        let reasons = [pin, bind].compactMap { $0?.description }
        guard !reasons.isEmpty else { return nil }
        return "\(what), which may cost speed: \(reasons.joined(separator: ", ")); "
            + "allow this process \(calls) (a container may need the capability SYS_NICE), "
            + "or ask for no pinning"
    }

    /// The NUMA nodes on which what each rank reads shall lie; empty where nothing need be bound.
    ///
    /// Replicas share one copy of the weights: what a rank of each reads goes in slices to the
    /// nodes of all these ranks in turn, so that none is nearer than the others.
    var homes: [[Int]] { Self.homes(seats ?? []) }

    private static func homes(_ seats: [[Topology.Core]]) -> [[Int]] {
        guard let first = seats.first, Set(seats.joined().map(\.node)).count > 1 else { return [] }
        return first.indices.map { rank in Set(seats.map { $0[rank].node }).sorted() }
    }

    private static func count(_ number: Int, _ thing: String) -> String {
        "\(number) \(thing)\(number == 1 ? "" : "s")"
    }
}

/// Cores that no replica has yet.
private struct FreeCores {
    private var cores: [Topology.Core]

    init(_ cores: [Topology.Core]) { self.cores = cores }

    /// Takes cores for a replica: of one last cache where that has enough, else of one node, else
    /// the next ones; of several such the one with the most left, so that replicas are spread.
    mutating func take(_ count: Int) -> [Topology.Core] {
        let taken =
            home(count, \.cache) ?? home(count, \.node) ?? Array(cores.indices.prefix(count))
        defer { for index in taken.reversed() { cores.remove(at: index) } }
        return taken.map { cores[$0] }
    }

    /// Where the first cores lie of the cache or node that has the most left, and enough.
    private func home(_ count: Int, _ part: KeyPath<Topology.Core, Int>) -> [Int]? {
        let parts = Dictionary(grouping: cores.indices) { cores[$0][keyPath: part] }
        return parts.values.filter { $0.count >= count }
            .max { ($0.count, $1[0]) < ($1.count, $0[0]) }
            .map { Array($0.prefix(count)) }
    }
}
