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

    /// A layout, and one sentence that says why.
    package struct Choice: Equatable, Sendable {
        /// What to use.
        package let layout: EngineLayout
        /// Why.
        package let reason: String

        /// The layout, its numbers and why, for people.
        package func sentence(_ type: DataType) -> String {
            let (replicas, ranks) = (layout.replicas, layout.ranks)
            return "\(replicas) replica\(replicas == 1 ? "" : "s") x "
                + "\(ranks) rank\(ranks == 1 ? "" : "s"), \(type.rawValue): \(reason)"
        }
    }
}
