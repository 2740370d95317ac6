import Glibc

/// Chooses tokens from logits; scratch of one thread.
struct Sampler {
    /// A token that may be chosen.
    struct Candidate: Equatable {
        let token: Int32
        let logit: Float
    }

    /// The tokens that the filters leave, best first, and their probabilities.
    struct Distribution {
        var tokens: [Int32] = []
        var probabilities: [Double] = []
    }

    /// Candidates looked at first where no limit says how many stay.
    private static let guess = 64

    /// Divides the logits of tokens that occurred by the penalty, or multiplies negative ones.
    static func penalize(
        _ logits: UnsafeMutableBufferPointer<Float>,
        seen: some Sequence<Int32>,
        penalty: Float
    ) {
        for token in seen {
            let logit = logits[Int(token)]
            logits[Int(token)] = logit < 0 ? logit * penalty : logit / penalty
        }
    }

    /// The best token; of equals the one with the lowest id.
    static func best(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
        var (best, place) = (logits[0], 0)
        for index in 1..<max(1, logits.count) where logits[index] > best {
            (best, place) = (logits[index], index)
        }
        return Int32(place)
    }

    /// The `count` best tokens, best first; of equals the lower id first.
    static func best(_ count: Int, of logits: UnsafeBufferPointer<Float>) -> [Candidate] {
        guard count > 0 else { return [] }
        var heap = CandidateHeap(capacity: min(count, logits.count))
        for (index, logit) in logits.enumerated() {
            heap.offer(Candidate(token: Int32(index), logit: logit))
        }
        return heap.sorted()
    }

    /// What temperature and filters leave of the logits; temperature above 0.
    static func distribution(
        _ logits: UnsafeBufferPointer<Float>,
        _ parameters: SamplingParameters
    ) -> Distribution {
        let vocabulary = logits.count
        let isOpen = parameters.topK == 0 && parameters.topP >= 1 && parameters.minP <= 0
        if isOpen { return whole(logits, parameters.temperature) }
        if parameters.topK > 0 {
            let count = min(parameters.topK, vocabulary)
            var candidates = best(count, of: logits)
            // Tokens equal to the last one stay too.
            let last = candidates[candidates.count - 1].logit
            let equal = logits.lazy.filter { $0 >= last }.count
            if equal > count { candidates = best(equal, of: logits) }
            return filtered(candidates, mass: nil, parameters)
        }
        let largest = logits.max() ?? 0
        let mass = logits.reduce(0.0) {
            $0 + exp(Double(($1 - largest) / parameters.temperature))
        }
        var count = min(guess, vocabulary)
        while true {
            let candidates = best(count, of: logits)
            let left = filtered(candidates, mass: mass, parameters)
            if left.tokens.count < candidates.count || count == vocabulary { return left }
            count = min(8 * count, vocabulary)
        }
    }

    /// All tokens in the order of their ids.
    private static func whole(
        _ logits: UnsafeBufferPointer<Float>,
        _ temperature: Float
    ) -> Distribution {
        let largest = logits.max() ?? 0
        let weights = logits.map { exp(Double(($0 - largest) / temperature)) }
        let sum = weights.reduce(0, +)
        return Distribution(
            tokens: (0..<Int32(logits.count)).map(\.self),
            probabilities: weights.map { $0 / sum }
        )
    }

    /// top_p, then min_p, of candidates sorted from the best down.
    ///
    /// - Parameter mass: of all tokens, in units of the best one's; nil: that of the candidates.
    private static func filtered(
        _ candidates: [Candidate],
        mass: Double?,
        _ parameters: SamplingParameters
    ) -> Distribution {
        let largest = candidates[0].logit
        var weights = candidates.map { exp(Double(($0.logit - largest) / parameters.temperature)) }
        let mass = mass ?? weights.reduce(0, +)
        var (kept, above) = (0, 0.0)
        if parameters.topP < 1 {
            while kept < weights.count, kept == 0 || above < Double(parameters.topP) * mass {
                above += weights[kept]
                kept += 1
            }
        } else {
            kept = weights.count
        }
        // The likeliest has weight 1, so that min_p is a bound on weights.
        while kept > 1, weights[kept - 1] < Double(parameters.minP) { kept -= 1 }
        weights.removeLast(weights.count - kept)
        let sum = weights.reduce(0, +)
        return Distribution(
            tokens: candidates.prefix(kept).map(\.token),
            probabilities: weights.map { $0 / sum }
        )
    }

    /// The token at `uniform`, from 0 to 1, of the heaped-up probabilities.
    static func draw(_ distribution: Distribution, at uniform: Double) -> Int32 {
        var sum = 0.0
        for (token, probability) in zip(distribution.tokens, distribution.probabilities) {
            sum += probability
            if uniform < sum { return token }
        }
        // Rounding left the sum below 1: the last token that can be drawn.
        let last = distribution.probabilities.lastIndex { $0 > 0 } ?? 0
        return distribution.tokens[last]
    }
}

/// The best candidates offered, the worst of them at the top.
private struct CandidateHeap {
    private let capacity: Int
    private var heap: [Sampler.Candidate] = []

    init(capacity: Int) {
        self.capacity = capacity
        heap.reserveCapacity(capacity)
    }

    private static func isWorse(_ a: Sampler.Candidate, _ b: Sampler.Candidate) -> Bool {
        a.logit != b.logit ? a.logit < b.logit : a.token > b.token
    }

    mutating func offer(_ candidate: Sampler.Candidate) {
        if heap.count < capacity {
            heap.append(candidate)
            var at = heap.count - 1
            while at > 0, Self.isWorse(candidate, heap[(at - 1) / 2]) {
                heap[at] = heap[(at - 1) / 2]
                at = (at - 1) / 2
            }
            heap[at] = candidate
        } else if Self.isWorse(heap[0], candidate) {
            replaceTop(candidate)
        }
    }

    private mutating func replaceTop(_ candidate: Sampler.Candidate) {
        var at = 0
        while true {
            var child = 2 * at + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, Self.isWorse(heap[child + 1], heap[child]) { child += 1 }
            guard Self.isWorse(heap[child], candidate) else { break }
            heap[at] = heap[child]
            at = child
        }
        heap[at] = candidate
    }

    func sorted() -> [Sampler.Candidate] { heap.sorted { Self.isWorse($1, $0) } }
}
