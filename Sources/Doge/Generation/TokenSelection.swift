/// Draws a token of the many that filters leave of a long vocabulary, without sorting it.
///
/// Tokens are dealt by their logits into pails that stand in the order of `CandidateQueue`. A sum
/// of weights is reached in one of them, which alone is looked into. What is drawn is, to the last
/// bit, what all tokens in their order would give: sums are taken only where they are exact.
struct TokenSelection {
    /// Pails of one deal.
    ///
    /// Their sums, 8 KiB, stay in a first cache, and of 32,768 tokens few fall into one. With these
    /// numbers a draw takes 0.12 ms, and 2.5 ms where all are ordered.
    private static let pailCount = 1024
    /// So many tokens are put in order; of more a pail is dealt again.
    private static let few = 256
    /// Temperatures below the best logit beyond which all tokens share the last pail, and leave the
    /// others narrower: e^-25 of the best one's weight is below 2^-36, and `keptMass` takes sums of
    /// weights below 2^-28 of all for rounded.
    private static let reach: Float = 25

    /// Of all tokens.
    private var all = Pails()
    /// Of the members of one pail.
    private var some = Pails()
    private var members: [Int32] = []  // ascending
    /// Whether a deal was refused, so that a sum cannot be told.
    private var isRefused = false
    private var queue = CandidateQueue()

    /// A token, and the sums of the weights before it and with it.
    private struct Found {
        let token: Int32
        let before: Double
        let sum: Double
    }

    /// The numbers that tokens are dealt by.
    private struct Source {
        let logits: UnsafeBufferPointer<Float>
        let weights: UnsafeBufferPointer<Float>
        let leastWeight: Float

        /// A token's weight; endless where it is left out for it, so that any sum is reached there.
        func weight(_ token: Int) -> Double {
            weights[token] < leastWeight ? .infinity : Double(weights[token])
        }
    }

    /// The token at `uniform`, from 0 to 1, of what top_p and min_p leave.
    ///
    /// - Parameters:
    ///   - weights: of all tokens, the best one's 1.
    ///   - mass: the sum of all weights.
    /// - Returns: nil where sums of weights are not exact, as far as can be told cheaply.
    mutating func draw(
        _ logits: UnsafeBufferPointer<Float>,
        _ weights: [Float],
        _ parameters: SamplingParameters,
        mass: Double,
        at uniform: Double
    ) -> Int32? {
        weights.withUnsafeBufferPointer { weights in
            let source = Source(logits: logits, weights: weights, leastWeight: parameters.minP)
            if members.count < logits.count {
                members = [Int32](repeating: 0, count: logits.count)
                queue.reserve(Self.few)
                all.reserve(logits.count)
                some.reserve(logits.count)
            }
            let reach = Self.reach * parameters.temperature
            guard all.deal(0..<logits.count, source, reach: reach, { $0 }) else { return nil }
            let bound = parameters.topP < 1 ? Double(parameters.topP) * mass : .infinity
            guard let kept = keptMass(reaching: bound, source, mass: mass) else { return nil }
            // The first token whose sum lies above the place; where none does, the last that stays.
            return first(reaching: min((uniform * kept).nextUp, kept), source)?.token
        }
    }

    /// Sum of the weights that stay; nil where a sum of them might be rounded.
    ///
    /// A float of weight w is a multiple of w / 2^24, and sums of such below w * 2^29 are exact.
    private mutating func keptMass(
        reaching bound: Double,
        _ source: Source,
        mass: Double
    ) -> Double? {
        let kept: (least: Double, mass: Double)
        isRefused = false
        let last = first(reaching: bound, source)
        if isRefused { return nil }
        if let last {
            kept =
                last.sum.isFinite
                ? (last.sum - last.before, last.sum) : (Double(source.leastWeight), last.before)
        } else {
            // All stay, which is known to be exact only where they have a least weight.
            kept = (Double(source.leastWeight), all.sum)
        }
        return kept.least >= mass * 0x1p-28 ? kept.mass : nil
    }

    /// The first token with which the weights' sum is at least `target`.
    private mutating func first(reaching target: Double, _ source: Source) -> Found? {
        var sum = 0.0
        guard let pail = all.pail(reaching: target, &sum) else { return nil }
        var count = 0
        for token in source.logits.indices where all.places[token] == pail {
            members[count] = Int32(token)
            count += 1
        }
        while count > Self.few, !areEqual(count, source.logits) {
            let isDealt = members.withUnsafeBufferPointer { members in
                some.deal(0..<count, source, reach: .infinity) { Int(members[$0]) }
            }
            isRefused = isRefused || !isDealt
            guard isDealt, let pail = some.pail(reaching: target, &sum) else { return nil }
            var left = 0
            for place in 0..<count where some.places[place] == pail {
                members[left] = members[place]
                left += 1
            }
            count = left
        }
        return first(of: count, reaching: target, from: sum, source)
    }

    /// The same among the members of the last pail, a few or equals.
    private mutating func first(
        of count: Int,
        reaching target: Double,
        from sum: Double,
        _ source: Source
    ) -> Found? {
        queue.removeAll()
        let isShort = count <= Self.few
        if isShort {
            for place in 0..<count {
                queue.append(members[place], source.logits[at: members[place]])
            }
            queue.order()
        }
        var before = sum
        for place in 0..<count {
            let token = isShort ? queue.popBest()?.token ?? 0 : members[place]
            let sum = before + source.weight(Int(token))
            if sum >= target { return Found(token: token, before: before, sum: sum) }
            before = sum
        }
        return nil
    }

    /// Whether the first members have the same logit, so that their ids are their order.
    private func areEqual(_ count: Int, _ logits: UnsafeBufferPointer<Float>) -> Bool {
        let first = logits[at: members[0]]
        return members[..<count].allSatisfy { logits[at: $0] == first }
    }

    /// Tokens dealt by their logits: all of a pail are better than all of the next one.
    private struct Pails {
        /// Weights in each pail.
        private var sums = [Double](repeating: 0, count: TokenSelection.pailCount)
        /// The pail of each token that was dealt.
        private(set) var places: [UInt16] = []

        var sum: Double { sums.reduce(0, +) }

        mutating func reserve(_ count: Int) { places = [UInt16](repeating: 0, count: count) }

        /// Deals tokens; false where their logits lie too far apart, or are none.
        mutating func deal(
            _ range: Range<Int>,
            _ source: Source,
            reach: Float,
            _ token: (Int) -> Int
        ) -> Bool {
            var (best, least) = (-Float.infinity, Float.infinity)
            for place in range {
                let logit = source.logits[token(place)]
                best = max(best, logit)
                least = min(least, logit)
            }
            let span = min(best - least, reach)
            let scale = span == 0 ? 0 : Float(TokenSelection.pailCount) / span
            guard best.isFinite, scale.isFinite, span == 0 || scale.isNormal else { return false }
            for pail in sums.indices { sums[pail] = 0 }
            let last = Float(TokenSelection.pailCount - 1)
            sums.withUnsafeMutableBufferPointer { sums in
                places.withUnsafeMutableBufferPointer { places in
                    for place in range {
                        let token = token(place)
                        // Neither step puts a smaller logit before a larger one.
                        let pail = Int32(min(last, (best - source.logits[token]) * scale))
                        places[place] = UInt16(truncatingIfNeeded: pail)
                        sums[Int(pail)] += source.weight(token)
                    }
                }
            }
            return true
        }

        /// The pail in which `sum` becomes at least `target`; adds those before it to `sum`.
        func pail(reaching target: Double, _ sum: inout Double) -> UInt16? {
            for (pail, more) in sums.enumerated() {
                if sum + more >= target { return UInt16(pail) }
                sum += more
            }
            return nil
        }
    }
}

extension UnsafeBufferPointer<Float> {
    /// The logit of a token.
    fileprivate subscript(at token: Int32) -> Float { self[Int(token)] }
}
