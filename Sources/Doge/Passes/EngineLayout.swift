/// How the threads of an engine share its work.
package struct EngineLayout: Equatable, Sendable {
    /// Teams that take different texts and share one copy of the weights.
    package let replicas: Int
    /// Threads of a replica, which split every layer among them.
    package let ranks: Int

    /// Both at least 1.
    package init(replicas: Int, ranks: Int) {
        precondition(replicas > 0 && ranks > 0, "a layout has a thread")
        self.replicas = replicas
        self.ranks = ranks
    }

    /// Threads of the whole engine.
    package var threads: Int { replicas * ranks }
}

extension EngineLayout {
    /// A layout, and one sentence that says why.
    package struct Choice: Equatable, Sendable {
        /// What to use.
        package let layout: EngineLayout
        /// Why.
        package let reason: String
    }

    /// The layout for a model where not both numbers are given.
    ///
    /// Replicas never wait for each other, so that they are the rule. Where the tables of a layer's
    /// experts are too large for the last cache, every replica would fetch the same rows from
    /// memory for itself; ranks fetch each row once.
    ///
    /// - Parameters:
    ///   - threads: threads to be used where the numbers do not say.
    ///   - cacheBytes: of the processor's last cache.
    package static func choose(
        for configuration: DogeConfiguration,
        _ dataType: DataType,
        threads: Int,
        replicas: Int? = nil,
        ranks: Int? = nil,
        cacheBytes: Int
    ) -> Choice {
        if let replicas, let ranks {
            return Choice(
                layout: EngineLayout(replicas: replicas, ranks: ranks),
                reason: "as asked for"
            )
        }
        if let replicas {
            return Choice(
                layout: EngineLayout(replicas: replicas, ranks: max(1, threads / replicas)),
                reason: "\(threads) threads shared by the replicas asked for"
            )
        }
        if let ranks {
            return Choice(
                layout: EngineLayout(replicas: max(1, threads / ranks), ranks: ranks),
                reason: "\(threads) threads in teams of the size asked for"
            )
        }
        let tables = tableBytes(configuration, dataType)
        guard tables > cacheBytes, threads > 1 else {
            let size =
                tables == 0
                ? "the model has no experts"
                : "a layer's experts take \(tables >> 20) MiB, and the last cache holds "
                    + "\(cacheBytes >> 20) MiB"
            return Choice(
                layout: EngineLayout(replicas: threads, ranks: 1),
                reason: size + ": a replica a thread, as replicas never wait for each other"
            )
        }
        return Choice(
            layout: EngineLayout(replicas: 1, ranks: threads),
            reason: "a layer's experts take \(tables >> 20) MiB, more than the last cache's "
                + "\(cacheBytes >> 20) MiB: all threads are ranks of one replica, so that each row "
                + "is fetched from memory once"
        )
    }

    /// Bytes of both tables of one layer.
    private static func tableBytes(_ c: DogeConfiguration, _ type: DataType) -> Int {
        (c.experts?.count ?? 0) * 2 * c.hiddenSize * (type == .f32 ? 4 : 2)
    }
}
