import CDogeKernels

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
        /// What of it a thread has for itself, bytes; nil where the system does not tell.
        package let cacheShare: Int?

        /// All numbers at least 1.
        package init(
            threads: Int,
            replicas: Int? = nil,
            ranks: Int? = nil,
            cacheBytes: Int = cacheBytesUsual,
            cacheShare: Int? = nil
        ) {
            self.threads = threads
            self.replicas = replicas
            self.ranks = ranks
            self.cacheBytes = cacheBytes
            self.cacheShare = cacheShare
        }

        /// All layouts of the threads that have the numbers asked for.
        package var layouts: [EngineLayout] {
            (1...threads).filter { threads % $0 == 0 }
                .map { EngineLayout(replicas: threads / $0, ranks: $0) }
                .filter { $0.replicas == replicas ?? $0.replicas && $0.ranks == ranks ?? $0.ranks }
        }

        /// The layout for a model.
        ///
        /// Replicas never wait for each other, so that they are the rule. Where the tables of a
        /// layer's experts are too large for the last cache, every replica would fetch the same
        /// rows from memory for itself; ranks fetch each row once.
        package func choice(for configuration: DogeConfiguration, _ type: DataType) -> Choice {
            if let asked { return asked }
            let tables = Self.tableBytes(configuration, type)
            let isLarge = tables > cacheBytes && threads > 1
            let size =
                tables == 0
                ? "the model has no experts"
                : "a layer's experts take \(Self.size(tables)), and the last cache holds "
                    + Self.size(cacheBytes)
            guard isLarge else {
                return Choice(
                    layout: EngineLayout(replicas: threads, ranks: 1),
                    reason: size + ": a replica a thread, as replicas never wait for each other"
                )
            }
            let team = Self.teamSize(threads)
            return Choice(
                layout: EngineLayout(replicas: threads / team, ranks: team),
                reason: size
                    + (team == threads
                        ? ": all threads are ranks of one replica, so that each row is fetched "
                            + "from memory once"
                        : ": teams of \(team) ranks, as a row has no more owners, so that few "
                            + "fetch the same row from memory")
            )
        }

        /// The most ranks that share out the experts and divide the threads.
        private static func teamSize(_ threads: Int) -> Int {
            (1...min(threads, Int(CK_PARTITIONS))).last { threads % $0 == 0 } ?? 1
        }

        /// Tokens that a replica takes through the layers together.
        package func batchTokens(for configuration: DogeConfiguration, _ type: DataType) -> Int {
            guard let cacheShare else { return Batch.tokensUsual }
            return Batch.tokens(for: configuration, type, cacheShare: cacheShare)
        }

        /// The layout where a number is asked for; nil where none is.
        private var asked: Choice? {
            let (teams, size, reason): (Int, Int, String)
            switch (replicas, ranks) {
            case (let replicas?, let ranks?):
                (teams, size, reason) = (replicas, ranks, "as asked for")
            case (let replicas?, nil):
                (teams, size) = (replicas, max(1, threads / replicas))
                reason = "\(threads) threads shared by the replicas asked for"
            case (nil, let ranks?):
                (teams, size) = (max(1, threads / ranks), ranks)
                reason = "\(threads) threads in teams of the size asked for"
            case (nil, nil): return nil
            }
            return Choice(layout: EngineLayout(replicas: teams, ranks: size), reason: reason)
        }

        /// Bytes of both tables of one layer.
        private static func tableBytes(_ c: DogeConfiguration, _ type: DataType) -> Int {
            (c.experts?.count ?? 0) * 2 * c.hiddenSize * (type == .f32 ? 4 : 2)
        }

        /// For people.
        private static func size(_ bytes: Int) -> String {
            bytes < 1 << 20 ? "\(max(1, bytes >> 10)) KiB" : "\(bytes >> 20) MiB"
        }
    }
}
