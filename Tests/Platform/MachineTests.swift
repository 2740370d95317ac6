import Glibc
import Platform
import TestSupport
import Testing

@Suite("The cores of a machine", .timeLimit(.minutes(10))) struct MachineTests {
    @Test(
        "cores are told by node, last cache and hardware thread",
        arguments: [
            ("node:1 core:2 pu:1", nil, ["0 @0.0", "1 @0.0"]),
            ("node:2 core:2 pu:1", nil, ["0 @0.0", "1 @0.0", "2 @1.1", "3 @1.1"]),
            ("node:2 core:2 pu:1", [1, 2], ["1 @0.0", "2 @1.1"]),
            ("core:2 pu:2(indexes=0,2,1,3)", nil, ["0,2 @0.0", "1,3 @0.0"]),
            ("core:2 pu:2(indexes=0,2,1,3)", [1, 2], ["1 @0.0", "2 @0.0"]),
            ("node:1 l3:2 core:2 pu:1", nil, ["0 @0.0", "1 @0.0", "2 @0.1", "3 @0.1"]),
            ("node:1 l2:2 core:1 pu:1", [1], ["1 @0.0"]),
        ] as [(String, [Int]?, [String])]
    )
    func shapes(description: String, allowed: [Int]?, cores: [String]) throws {
        let topology = try Machine(synthetic: description, allowed: allowed).topology
        let found = topology.cores.map { core in
            let processors = core.processors.map(String.init).joined(separator: ",")
            return "\(processors) @\(core.node).\(core.cache)"
        }
        #expect(found == cores)
        let each = topology.hardwareThreads.flatMap(\.processors)
        #expect(each == topology.cores.flatMap(\.processors))
        #expect(topology.hardwareThreads.allSatisfy { $0.processors.count == 1 })
    }

    @Test("the last cache is the farthest one of data, and the smallest of all cores'")
    func caches() throws {
        for (description, bytes) in [
            ("l3:1(size=8388608) l2:2(size=1048576) core:1 pu:1", 8 << 20),
            ("l2:2(size=1048576) l1:1(size=32768) core:1 pu:1", 1 << 20),
            ("l3:1(size=8388608) l1i:2(size=32768) core:1 pu:1", 8 << 20),
            ("core:2 pu:1", nil),
        ] as [(String, Int?)] {
            let topology = try Machine(synthetic: description).topology
            #expect(topology.lastCacheBytes == bytes, "\(description)")
        }
        let uneven = Topology(
            cores: [(1, 32 << 20), (2, 16 << 20), (3, nil)].map { number, bytes in
                Topology.Core(processors: [number], node: 0, cache: number, cacheBytes: bytes)
            }
        )
        #expect(uneven.lastCacheBytes == 16 << 20 && uneven.lastCacheShare == 16 << 20)
        let shared = try Machine(synthetic: "l3:2(size=8388608) core:2 pu:2").topology
        #expect(shared.lastCacheShare == 2 << 20)
    }

    @Test("what cannot be read or pinned is told in a phrase")
    func failures() throws {
        let unknown = #expect(throws: SystemCallError.self) { try Machine(synthetic: "lorry:2") }
        #expect(unknown?.description.hasPrefix("cannot read the description lorry:2: ") == true)
        let machine = try Machine()
        let error = #expect(throws: SystemCallError.self) {
            try machine.pinCallingThread(to: [900_000])
        }
        #expect(error?.description.hasPrefix("cannot pin a thread to processor 900000: ") == true)
    }

    @Test("this machine has the processors that the thread may use, and a thread keeps to one")
    func here() async throws {
        try await onThread {
            let allowed = try allowedProcessors()
            let machine = try Machine()
            #expect(machine.topology.cores.flatMap(\.processors).sorted() == allowed)
            for core in machine.topology.cores {
                try machine.pinCallingThread(to: core.processors)
                #expect(try allowedProcessors() == core.processors)
                let narrow = try Machine().topology
                #expect(narrow.cores.map(\.processors) == [core.processors])
            }
        }
    }

    @Test("memory of whole pages is bound to a node, and keeps what it held")
    func memory() throws {
        let machine = try Machine()
        let count = 1 << 16
        let pages = UnsafeMutableRawPointer.allocate(
            byteCount: count,
            alignment: Pages.byteCount
        )
        defer { pages.deallocate() }
        memset(pages, 7, count)
        let bytes = UnsafeRawBufferPointer(start: pages, count: count)
        try machine.bind(bytes, to: machine.topology.cores[0].node)
        #expect(bytes.allSatisfy { $0 == 7 })
    }

    @Test("cores are uniform where they share one node and one last cache")
    func uniform() throws {
        for (description, isUniform) in [
            ("node:1 core:2 pu:1", true), ("node:1 l3:1 core:4 pu:2", true), ("core:1 pu:1", true),
            ("node:2 core:1 pu:1", false), ("node:1 l3:2 core:2 pu:1", false),
        ] {
            let topology = try Machine(synthetic: description).topology
            #expect(topology.isUniform == isUniform, "\(description)")
        }
    }
}
