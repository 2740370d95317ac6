import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Doge

@Suite("Where an engine's threads run", .timeLimit(.minutes(10))) struct PlacementTests {
    private static func plan(
        _ description: String,
        _ replicas: Int,
        _ ranks: Int,
        allowed: [Int]? = nil
    ) throws -> Placement {
        let machine = try Machine(synthetic: description, allowed: allowed)
        return Placement(EngineLayout(replicas: replicas, ranks: ranks), .on(machine))
    }

    /// The processors of each replica's ranks.
    private static func processors(_ placement: Placement) -> [[[Int]]]? {
        placement.seats.map { $0.map { $0.map(\.processors) } }
    }

    @Test("where each thread has a core it keeps to it, ranks beside each other")
    func pinned() throws {
        for (machine, replicas, ranks, seats) in [
            ("node:1 core:2 pu:1", 2, 1, [[[0]], [[1]]]),
            ("node:1 core:2 pu:1", 1, 2, [[[0], [1]]]),
            ("node:2 core:4 pu:1", 2, 4, [[[0], [1], [2], [3]], [[4], [5], [6], [7]]]),
            ("node:2 core:4 pu:1", 4, 2, [[[0], [1]], [[4], [5]], [[2], [3]], [[6], [7]]]),
            ("node:2 core:2 pu:1", 4, 1, [[[0]], [[2]], [[1]], [[3]]]),
            // Four ranks have no room in a cache, but in a node.
            ("node:2 l3:2 core:2 pu:1", 2, 4, [[[0], [1], [2], [3]], [[4], [5], [6], [7]]]),
            // Two have, and are not torn apart; the third replica takes what is left.
            ("node:1 l3:2 core:3 pu:1", 3, 2, [[[0], [1]], [[3], [4]], [[2], [5]]]),
            ("node:2 core:3 pu:1", 1, 6, [[[0], [1], [2], [3], [4], [5]]]),
            // A core for each, both of its hardware threads; then each of these.
            ("core:2 pu:2(indexes=0,2,1,3)", 2, 1, [[[0, 2]], [[1, 3]]]),
            ("core:2 pu:2(indexes=0,2,1,3)", 2, 2, [[[0], [2]], [[1], [3]]]),
        ] as [(String, Int, Int, [[[Int]]])] {
            let placement = try Self.plan(machine, replicas, ranks)
            #expect(Self.processors(placement) == seats, "\(machine), \(replicas) x \(ranks)")
        }
        // An odd remainder of a node never splits a replica that fits into another.
        let odd = try Self.plan("node:3 core:4 pu:1", 2, 4, allowed: [0, 1, 4, 5, 6, 7, 8, 9])
        #expect(Self.processors(odd) == [[[4], [5], [6], [7]], [[0], [1], [8], [9]]])
    }

    @Test("with more threads or fewer than cores all are free, and the reason is told")
    func free() throws {
        for (machine, replicas, ranks, allowed, reason) in [
            ("core:2 pu:1", 3, 1, nil, "threads are not pinned: 3 of them share 2 cores"),
            ("core:4 pu:1", 2, 2, [1, 2], "threads are not pinned: 4 of them share 2 cores"),
            (
                "core:4 pu:1", 1, 2, nil,
                "threads are not pinned: they take 2 of 4 cores, and neighbours may be on any"
            ),
            (
                "core:2 pu:2", 1, 3, nil,
                "threads are not pinned: they take 3 of 4 hardware threads, "
                    + "and neighbours may be on any"
            ),
        ] as [(String, Int, Int, [Int]?, String)] {
            let placement = try Self.plan(machine, replicas, ranks, allowed: allowed)
            #expect(placement.seats == nil && placement.homes.isEmpty)
            #expect(placement.reason == reason)
        }
        let layout = EngineLayout(replicas: 1, ranks: 1)
        let off = Placement(layout, .off(.asked))
        #expect(off.seats == nil && off.reason == "threads are not pinned, as asked for")
        let shared = Placement(layout, .off(.neighbours))
        #expect(shared.seats == nil)
        #expect(shared.reason == "threads are not pinned: other workers use the same cores")
        let error = SystemCallError("read", "this machine's cores", code: ENOENT)
        let unknown = Placement(layout, .unknown(error))
        #expect(unknown.seats == nil)
        #expect(
            unknown.reason
                == "threads are not pinned: cannot read this machine's cores: "
                + "No such file or directory"
        )
    }

    @Test("unless asked to, threads keep to cores only where these are not all alike")
    func usual() throws {
        for (description, threads, reason) in [
            (
                "node:1 l3:1 core:2 pu:1", 2,
                "threads are not pinned: all cores share a NUMA node and a last cache"
            ),
            ("core:1 pu:1", 1, "threads are not pinned: there is one core"),
            ("node:1 l3:2 core:1 pu:1", 2, "each thread is pinned to a core of its own"),
            (
                "node:2 core:1 pu:1", 2,
                "each thread is pinned to a core of its own, "
                    + "and weights are moved in slices to the nodes of the replicas in turn"
            ),
            ("node:2 core:1 pu:1", 3, "threads are not pinned: 3 of them share 2 cores"),
        ] {
            let layout = EngineLayout(replicas: threads, ranks: 1)
            let machine = try Machine(synthetic: description)
            let usual = Placement(layout, .usual(machine))
            #expect(usual.reason == reason)
            #expect((usual.seats != nil) == reason.hasPrefix("each"))
            if threads <= 2 { #expect(Placement(layout, .on(machine)).seats != nil) }
        }
    }

    @Test("weights lie on the nodes of the ranks that read them, and stay where there is one node")
    func homes() throws {
        for (machine, replicas, ranks, homes, words) in [
            ("node:1 core:4 pu:1", 1, 4, [], "each thread is pinned to a core of its own"),
            ("node:2 core:2 pu:1", 1, 4, [[0], [0], [1], [1]], "moved to the node of the rank"),
            (
                "node:2 core:2 pu:1", 2, 2, [[0, 1], [0, 1]],
                "in slices to the nodes of the replicas in turn"
            ),
            (
                "node:2 core:2 pu:1", 4, 1, [[0, 1]],
                "in slices to the nodes of the replicas in turn"
            ),
            ("core:2 pu:2", 2, 2, [], "each thread is pinned to a hardware thread of its own"),
        ] as [(String, Int, Int, [[Int]], String)] {
            let placement = try Self.plan(machine, replicas, ranks)
            #expect(placement.homes == homes)
            #expect(placement.reason.contains(words), "\(placement.reason)")
        }
    }

    @Test("parts of memory end at pages, miss none between the first and the last, and stay apart")
    func pages() {
        let page = Pages.byteCount
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * page, alignment: page)
        defer { memory.deallocate() }
        func parts(_ start: Int, _ count: Int, _ cuts: [Int]) -> [Range<Int>] {
            let bytes = UnsafeRawBufferPointer(start: memory + start, count: count)
            return WholePages.parts(of: bytes, cuts: cuts).map { part in
                let low = part.baseAddress.map { $0 - UnsafeRawPointer(memory) } ?? 0
                return low..<low + part.count
            }
        }
        #expect(
            parts(0, 8 * page, [0, 4 * page, 8 * page]) == [0..<4 * page, 4 * page..<8 * page]
        )
        #expect(
            parts(100, 4 * page, [0, 2 * page, 4 * page]) == [page..<2 * page, 2 * page..<4 * page]
        )
        #expect(parts(0, 3 * page, [0, 100, 3 * page]) == [0..<0, 0..<3 * page])
        #expect(
            parts(0, 3 * page, [0, page + page / 2, 3 * page]) == [
                0..<2 * page, 2 * page..<3 * page,
            ]
        )
        #expect(parts(100, 200, [0, 100, 200]).allSatisfy { $0.isEmpty })
    }

    @Test("several nodes take slices of whole pages in turn, and large pages stay whole")
    func slices() {
        let (page, large) = (Pages.byteCount, Pages.largeByteCount)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * large, alignment: large)
        defer { memory.deallocate() }
        for (start, count, nodes, sizes) in [
            (0, 0, 2, []), (page, 5 * page, 1, [5 * page]), (page, page, 2, [page]),
            (page, 5 * page, 2, [3 * page, 2 * page]),
            (page, 4 * page, 3, [2 * page, 2 * page]),
            (0, large, 2, [large]), (0, 3 * large, 2, [large, large, large]),
            (0, 3 * large, 1, [3 * large]),
            (page, 5 * large + page, 2, [large, large, large, large, large, page]),
        ] {
            let part = UnsafeRawBufferPointer(start: memory + start, count: count)
            let slices = WholePages.slices(of: part, nodes: nodes)
            #expect(slices.map(\.count) == sizes, "\(start), \(count), \(nodes)")
            var end = UnsafeRawPointer(memory + start)
            for slice in slices {
                #expect(slice.baseAddress == end)
                end += slice.count
            }
        }
    }

    @Test("owners' experts are all experts, in the partitions that they sum")
    func experts() {
        for (count, ranks) in [(4, 1), (4, 3), (100, 4), (16_384, 7), (3, 16)] {
            let owners = ExpertLookup.owners(ranks: ranks)
            let shares = (0..<owners).map {
                ExpertLookup.share(of: count, owner: $0, owners: owners)
            }
            #expect(shares.flatMap { Array($0) } == Array(0..<count), "\(count), \(ranks)")
        }
    }

    @Test("every thread of a pinned engine runs where it was planned, and nowhere else")
    func affinity() async throws {
        try await onThread {
            let machine = try Machine()
            let count = machine.topology.cores.count
            let model = try DogeModel(directory: Golden.checkpoint(Golden.names[0]))
            for layout in [
                EngineLayout(replicas: count, ranks: 1), EngineLayout(replicas: 1, ranks: count),
            ] {
                let engine = try Engine(model: model, layout: layout, pinning: .on(machine))
                #expect(engine.placementFailure == nil)
                let seen = Mutex<[[Int]]>([])
                engine.perform { evaluator in
                    evaluator.crew.run(Looking { found in seen.withLock { $0.append(found) } })
                }
                let planned = try #require(engine.placement.seats).joined().map(\.processors)
                #expect(
                    seen.withLock { $0.sorted { $0[0] < $1[0] } }
                        == planned.sorted { $0[0] < $1[0] }
                )
            }
            #expect(try allowedProcessors().count == machine.topology.hardwareThreads.count)
        }
    }

    @Test("answers are the same bits pinned or not, and where weights are moved between nodes")
    func answers() throws {
        for name in Golden.names {
            let sequences = try Golden.records(name).prefix(8).map(\.ids)
            for type in DataType.allCases {
                let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
                let free = try Engine(model: model, threads: 1).logits(of: sequences)
                // What is bound on an imagined machine stays where it is; the way there is walked.
                for machine in [try Machine(), try Machine(synthetic: "node:2 core:1 pu:1")] {
                    let count = machine.topology.cores.count
                    for layout in [
                        EngineLayout(replicas: count, ranks: 1),
                        EngineLayout(replicas: 1, ranks: count),
                    ] {
                        let engine = try Engine(model: model, layout: layout, pinning: .on(machine))
                        #expect(engine.placementFailure == nil && engine.placement.seats != nil)
                        #expect(try engine.logits(of: sequences) == free)
                    }
                }
            }
        }
    }

    @Test("cores and nodes that cannot be had are told once, and the engine is there all the same")
    func refused() throws {
        let machine = try Machine()
        let model = try DogeModel(directory: Golden.checkpoint(Golden.names[0]))
        let here = machine.topology.cores[0].processors
        for (processors, phrase, remedy) in [
            (
                [900_000],
                "neither every thread is pinned nor are all weights moved to their nodes, "
                    + "which may cost speed: cannot pin a thread to processor 900000: ",
                "; allow this process sched_setaffinity and mbind (a container may need the "
                    + "capability SYS_NICE), or ask for no pinning"
            ),
            (
                here,
                "each thread is pinned to a core of its own, but not all weights are moved to "
                    + "their nodes, which may cost speed: cannot bind memory to NUMA node 90",
                "; allow this process mbind (a container may need the capability SYS_NICE), "
                    + "or ask for no pinning"
            ),
        ] {
            let cores = [900, 901].map { node in
                Topology.Core(processors: processors, node: node, cache: node, cacheBytes: nil)
            }
            let layout = EngineLayout(replicas: 1, ranks: 2)
            let placement = Placement(layout, on: Topology(cores: cores))
            let workshop = Workshop(
                model,
                layout,
                cacheBytes: 1 << 20,
                batchTokens: Batch.tokensUsual,
                .on(machine),
                placement
            )
            // On a thread of its own, as it keeps to the core that it is given.
            OSThread(name: "test") { workshop.makeEvaluator(0) }.join()
            #expect(try workshop.evaluators().count == 1)
            let sentence = try #require(workshop.bindWeights())
            #expect(sentence.hasPrefix(phrase) && sentence.hasSuffix(remedy), "\(sentence)")
        }
    }

    @Test("what an engine tells is what came of its plan, not the plan")
    func outcome() throws {
        let machine = try Machine(synthetic: "core:1 pu:1(indexes=900000)")
        let model = try DogeModel(directory: Golden.checkpoint(Golden.names[0]))
        let layout = EngineLayout(replicas: 1, ranks: 1)
        let free = try Engine(model: model, layout: layout)
        #expect(free.placementSentence == "threads are not pinned, as asked for")
        let placement = Placement(layout, .on(machine))
        let error = SystemCallError("pin a thread to", "processor 900000", code: EINVAL)
        #expect(placement.failure(pin: nil, bind: nil) == nil)
        #expect(
            placement.failure(pin: error, bind: nil)
                == "not every thread is pinned, which may cost speed: cannot pin a thread to "
                + "processor 900000: Invalid argument; allow this process sched_setaffinity "
                + "(a container may need the capability SYS_NICE), or ask for no pinning"
        )
    }
}

/// Tells where each rank may run.
private final class Looking: RankWork {
    private let found: @Sendable ([Int]) -> Void

    init(_ found: @escaping @Sendable ([Int]) -> Void) { self.found = found }

    func run(_ rank: Rank) { found((try? allowedProcessors()) ?? []) }
}
