extension EngineLayout {
    /// What is said of a layout before the model is known.
    package struct Wish: Equatable, Sendable {
        /// The last cache of a processor that does not tell its size, bytes.
        package static let cacheBytesUsual = 32 << 20

        /// Threads to be used where the other two numbers do not say.
        package let threads: Int
        /// Teams that take different texts; nil where the model decides.
        package let replicas: Int?
        /// Threads of each team; nil where the model decides.
        package let ranks: Int?
        /// Of the processor's last cache.
        package let cacheBytes: Int

        /// All numbers at least 1.
        package init(
            threads: Int,
            replicas: Int? = nil,
            ranks: Int? = nil,
            cacheBytes: Int = cacheBytesUsual
        ) {
            self.threads = threads
            self.replicas = replicas
            self.ranks = ranks
            self.cacheBytes = cacheBytes
        }

        /// The layout for a model.
        package func choice(for configuration: DogeConfiguration, _ type: DataType) -> Choice {
            choose(
                for: configuration,
                type,
                threads: threads,
                replicas: replicas,
                ranks: ranks,
                cacheBytes: cacheBytes
            )
        }
    }
}
