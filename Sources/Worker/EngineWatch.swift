/// Tells an engine that hangs from one at work: a cancelled shard is let go between two passes.
struct EngineWatch {
    /// A shard was taken from the engine, and nobody watches yet whether it lets go.
    private var isAsked = false
    /// Since when somebody does, milliseconds, and the passes begun and ended at that moment.
    private var start: (at: Int, passes: [UInt64])?

    /// Time that a pass may take once its shard is taken away, milliseconds.
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// A shard that the engine computes is not wanted any more.
    mutating func shardTaken() { isAsked = true }

    /// Whether a replica is still in the pass in which its shard was taken away, long ago.
    ///
    /// - Parameter passes: those that each replica has begun and ended, odd while one runs.
    mutating func isHung(now: Int, passes: [UInt64]) -> Bool {
        // What is taken away meanwhile is watched next: the replicas may be others.
        if isAsked, start == nil {
            start = (now, passes)
            isAsked = false
        }
        guard let start else { return false }
        let isInSamePass = zip(start.passes, passes).contains { $0 == $1 && $0 % 2 == 1 }
        if !isInSamePass { self.start = nil }
        return isInSamePass && now - start.at > limit
    }
}
