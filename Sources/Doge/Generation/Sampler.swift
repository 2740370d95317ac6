import CDogeKernels
import Glibc

/// Chooses tokens from logits; owns the scratch that this takes, which grows to a vocabulary once.
struct Sampler {
    private let kernels: UnsafePointer<ck_kernels>
    /// The largest logits of CK_TOPS groups: as many tokens are at least as good as each of them.
    private var tops = [Float](repeating: 0, count: Int(CK_TOPS))
    private var found: [Int32] = []  // (vocabulary)
    private var queue = CandidateQueue()
    private var selection = TokenSelection()
    /// Of all tokens, in units of the best one's, and their sums by blocks of CK_TOPS.
    private var weights: [Float] = []  // (vocabulary)
    private var sums: [Float] = []  // (blocks)
    /// Logits that the last penalty has changed, as they were.
    private var unpenalized: [TokenCandidate] = []
    /// What the filters left last.
    private(set) var left = Distribution()

    /// Candidates looked at first where no limit says how many stay.
    private static let guess = 64

    init(kernels: UnsafePointer<ck_kernels>) { self.kernels = kernels }

    // MARK: Penalties

    /// Divides the logits of tokens that occurred by the penalty, or multiplies negative ones.
    mutating func penalize(
        _ logits: UnsafeMutableBufferPointer<Float>,
        seen: Set<Int32>,
        penalty: Float
    ) {
        unpenalized.removeAll(keepingCapacity: true)
        guard penalty != 1 else { return }
        unpenalized.reserveCapacity(logits.count)
        for token in seen {
            let logit = logits[Int(token)]
            unpenalized.append(TokenCandidate(token: token, logit: logit))
            logits[Int(token)] = logit < 0 ? logit * penalty : logit / penalty
        }
    }

    /// The logit that a token had before the last penalty; nil where that did not change it.
    func unpenalizedLogit(of token: Int32) -> Float? {
        unpenalized.first { $0.token == token }?.logit
    }

    // MARK: The best

    /// Logarithm of the sum of e^x.
    func logSumExp(_ logits: UnsafeBufferPointer<Float>) -> Float {
        kernels.logSumExp(logits)
    }

    /// The best token; nil where a logit is not finite.
    func bestFinite(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        guard let base = logits.baseAddress else { return nil }
        let place = kernels.pointee.best(base, logits.count)
        return place < logits.count ? Int32(place) : nil
    }

    /// The best token; of equals the one with the lowest id.
    func best(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
        if let best = bestFinite(logits) { return best }
        // A penalty may make infinities of logits that were none.
        var best = 0
        for index in logits.indices where logits[index] > logits[best] { best = index }
        return Int32(best)
    }

    /// The `count` best tokens, best first; of equals the lower id first.
    mutating func best(_ count: Int, of logits: UnsafeBufferPointer<Float>) -> [TokenCandidate] {
        guard count > 0 else { return [] }
        findTops(logits)
        enqueue(best: count, of: logits)
        return (0..<min(count, logits.count)).compactMap { _ in queue.popBest() }
    }

    /// Finds the largest logit, and what `enqueue` needs.
    @discardableResult
    private mutating func findTops(_ logits: UnsafeBufferPointer<Float>) -> Float {
        guard let base = logits.baseAddress else { return 0 }
        kernels.pointee.sampling.pointee.tops(base, logits.count, &tops)
        var largest = tops[0]
        for top in tops where top > largest { largest = top }
        return largest
    }

    /// Puts the best tokens into the queue: `count` at least, and all that equal the last of them.
    private mutating func enqueue(best count: Int, of logits: UnsafeBufferPointer<Float>) {
        guard let base = logits.baseAddress else { return }
        if found.count < logits.count {
            found = [Int32](repeating: 0, count: logits.count)
            queue.reserve(max(logits.count, tops.count))
        }
        var bound = -Float.infinity
        if count <= min(tops.count, logits.count) {
            queue.removeAll()
            for (group, top) in tops.enumerated() { queue.append(Int32(group), top) }
            queue.order()
            for _ in 0..<count { bound = queue.popBest()?.logit ?? bound }
        }
        let number = kernels.pointee.sampling.pointee.above(base, logits.count, bound, &found)
        queue.removeAll()
        for place in 0..<number { queue.append(found[place], logits[Int(found[place])]) }
        queue.order()
    }

    // MARK: Drawing

    /// The token at `uniform`, from 0 to 1, of what temperature, above 0, and filters leave.
    mutating func draw(
        _ logits: UnsafeBufferPointer<Float>,
        _ parameters: SamplingParameters,
        at uniform: Double
    ) -> Int32 {
        guard !parameters.isOpen else {
            let mass = weigh(logits, parameters.temperature, largest: findTops(logits))
            return tokenOfAll(at: uniform * mass)
        }
        guard parameters.topK == 0 else {
            filter(logits, parameters)
            return left.token(at: uniform)
        }
        let mass = weigh(logits, parameters.temperature, largest: findTops(logits))
        if keep(among: Self.guess, of: logits, parameters, mass: mass) {
            return left.token(at: uniform)
        }
        // Many tokens stay: whatever can be had without their order is.
        let drawn = selection.draw(logits, weights, parameters, mass: mass, at: uniform)
        if let drawn { return drawn }
        _ = keep(among: logits.count, of: logits, parameters, mass: mass)
        return left.token(at: uniform)
    }

    /// Weighs all tokens; returns the sum.
    private mutating func weigh(
        _ logits: UnsafeBufferPointer<Float>,
        _ temperature: Float,
        largest: Float
    ) -> Double {
        guard let base = logits.baseAddress else { return 0 }
        let blocks = (logits.count + tops.count - 1) / tops.count
        if weights.count != logits.count {
            weights = [Float](repeating: 0, count: logits.count)
            sums = [Float](repeating: 0, count: blocks)
        }
        kernels.pointee.sampling.pointee
            .weigh(base, logits.count, largest, temperature, &weights, &sums)
        var mass = 0.0
        for block in 0..<blocks { mass += Double(sums[block]) }
        return mass
    }

    /// The token at `place` of all weights heaped up in the order of ids.
    private func tokenOfAll(at place: Double) -> Int32 {
        var sum = 0.0
        var block = 0
        while block < sums.count - 1, sum + Double(sums[block]) <= place {
            sum += Double(sums[block])
            block += 1
        }
        var last = 0
        for token in block * tops.count..<weights.count where weights[token] > 0 {
            sum += Double(weights[token])
            last = token
            if place < sum { break }
        }
        // Rounding may leave the sum below the place: the last token that can be drawn.
        if weights[last] == 0 { last = weights.lastIndex { $0 > 0 } ?? 0 }
        return Int32(last)
    }

    /// Works out what temperature, above 0, and filters leave of the logits.
    mutating func filter(
        _ logits: UnsafeBufferPointer<Float>,
        _ parameters: SamplingParameters
    ) {
        let largest = findTops(logits)
        guard parameters.topK == 0 else {
            keepBest(logits, parameters, largest: largest)
            left.cut(parameters)
            return
        }
        let mass = weigh(logits, parameters.temperature, largest: largest)
        var wanted = Self.guess
        while !keep(among: wanted, of: logits, parameters, mass: mass) { wanted *= 8 }
    }

    /// What top_p and min_p leave, all among the `count` best tokens; false where more are left.
    private mutating func keep(
        among count: Int,
        of logits: UnsafeBufferPointer<Float>,
        _ parameters: SamplingParameters,
        mass: Double
    ) -> Bool {
        let isNucleus = parameters.topP < 1
        enqueue(best: min(count, logits.count), of: logits)
        left.removeAll()
        var above = 0.0
        while let next = queue.popBest() {
            let weight = Double(weights[Int(next.token)])
            let isLeftOut =
                weight < Double(parameters.minP)
                || isNucleus && above >= Double(parameters.topP) * mass
            if isLeftOut, above > 0 { return true }
            // Equals of the last one are in the queue too.
            if left.tokens.count == count { return false }
            left.append(next.token, weight)
            above += weight
        }
        return count >= logits.count
    }

    /// top_k: tokens equal to the last one stay too.
    private mutating func keepBest(
        _ logits: UnsafeBufferPointer<Float>,
        _ parameters: SamplingParameters,
        largest: Float
    ) {
        let count = min(parameters.topK, logits.count)
        enqueue(best: count, of: logits)
        left.removeAll()
        var last = largest
        while let next = queue.popBest() {
            if left.tokens.count >= count, next.logit < last { return }
            let weight = exp(Double((next.logit - largest) / parameters.temperature))
            left.append(next.token, weight)
            last = next.logit
        }
    }
}

extension SamplingParameters {
    /// Whether no filter leaves a token out.
    var isOpen: Bool { topK == 0 && topP >= 1 && minP <= 0 }
}
