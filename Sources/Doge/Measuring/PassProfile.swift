import Platform

/// Where the time of passes goes, as the first ranks of replicas see it.
package struct PassProfile: Sendable {
    /// A part of a pass; waiting for other ranks counts to the part that is waited in.
    package enum Part: Int, CaseIterable, Sendable {
        /// Looking up embeddings and angles.
        case embedding
        /// Both norms of a layer.
        case norms
        /// Products by query, key and value weights.
        case projections
        /// Norms and rotary of heads, dt, and what is kept of them.
        case heads
        /// Scores, softmax and sums of values.
        case attention
        /// The product by output weights, and the residual.
        case output
        /// The product by gate and up weights, and the activation.
        case gates
        /// The product by down weights, and the residual.
        case down
        /// The router, the choice of experts, and their lookup.
        case experts

        /// As people read it.
        package var name: String { "\(self)" }
    }

    /// Nanoseconds of each part.
    private var nanoseconds = [Int](repeating: 0, count: Part.allCases.count)
    private var last = 0

    /// Nothing measured yet.
    init() {}

    /// A pass begins, or something has passed that counts to no part.
    mutating func begin() { last = Int(MonotonicClock.nanoseconds()) }

    /// What has passed since the last call was this part.
    mutating func mark(_ part: Part) {
        let now = Int(MonotonicClock.nanoseconds())
        nanoseconds[part.rawValue] += now - last
        last = now
    }

    /// Adds what another replica measured.
    mutating func add(_ other: PassProfile) {
        for part in nanoseconds.indices { nanoseconds[part] += other.nanoseconds[part] }
    }

    /// Each part's share of all, of those that took any time, in the order of a layer.
    package var shares: [(part: Part, share: Double)] {
        let all = Double(max(1, nanoseconds.reduce(0, +)))
        return Part.allCases.compactMap { part in
            let time = nanoseconds[part.rawValue]
            return time > 0 ? (part, Double(time) / all) : nil
        }
    }
}
