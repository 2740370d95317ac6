/// The cores that this process may use, and what of the machine they share.
package struct Topology: Equatable, Sendable {
    /// A core, or one of its hardware threads.
    package struct Core: Equatable, Sendable {
        /// The system's numbers of its hardware threads that are allowed: one at least.
        package let processors: [Int]
        /// The system's number of the NUMA node whose memory is near.
        package let node: Int
        /// Which last cache it shares with others; numbered as they come.
        package let cache: Int
        /// What that cache holds; nil where the system does not tell.
        package let cacheBytes: Int?

        /// `processors` in ascending order.
        package init(processors: [Int], node: Int, cache: Int, cacheBytes: Int?) {
            self.processors = processors
            self.node = node
            self.cache = cache
            self.cacheBytes = cacheBytes
        }
    }

    /// Neighbours stand side by side: those of a cache, then those of a node.
    package let cores: [Core]

    /// At least one core.
    package init(cores: [Core]) {
        precondition(!cores.isEmpty, "a process may use a core")
        self.cores = cores
    }

    /// Each hardware thread as a core of its own, in the same order.
    package var hardwareThreads: [Core] {
        cores.flatMap { core in
            core.processors.map {
                Core(
                    processors: [$0],
                    node: core.node,
                    cache: core.cache,
                    cacheBytes: core.cacheBytes
                )
            }
        }
    }

    /// Whether all cores are as near to all memory, and share a cache.
    package var isUniform: Bool {
        cores.allSatisfy { $0.node == cores[0].node && $0.cache == cores[0].cache }
    }

    /// What the last cache of every core holds at least, bytes; nil where the system does not tell.
    package var lastCacheBytes: Int? { cores.compactMap(\.cacheBytes).min() }

    /// What a hardware thread has of its last cache at least, where all that share it work; bytes.
    package var lastCacheShare: Int? {
        let threads = hardwareThreads
        let sharers = Dictionary(grouping: threads, by: \.cache).mapValues(\.count)
        return threads.compactMap { thread in
            thread.cacheBytes.map { $0 / sharers[thread.cache, default: 1] }
        }.min()
    }
}
