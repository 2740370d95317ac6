/// The tokens that the filters leave, best first, and their shares; its memory is kept.
struct Distribution {
    private(set) var tokens: [Int32] = []
    /// In any unit: shares are those in the sum.
    private(set) var weights: [Double] = []

    /// Sum of the weights.
    var mass: Double {
        var mass = 0.0
        for weight in weights { mass += weight }
        return mass
    }

    /// Forgets all tokens.
    mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
    }

    /// Adds a token that is no better than the last.
    mutating func append(_ token: Int32, _ weight: Double) {
        tokens.append(token)
        weights.append(weight)
    }

    /// top_p, then min_p; the first weight is 1.
    mutating func cut(_ parameters: SamplingParameters) {
        var kept = weights.count
        if parameters.topP < 1 {
            let bound = Double(parameters.topP) * mass
            var above = 0.0
            kept = 0
            while kept < weights.count, kept == 0 || above < bound {
                above += weights[kept]
                kept += 1
            }
        }
        // The likeliest has weight 1, so that min_p is a bound on weights.
        while kept > 1, weights[kept - 1] < Double(parameters.minP) { kept -= 1 }
        tokens.removeLast(tokens.count - kept)
        weights.removeLast(weights.count - kept)
    }

    /// The token at `uniform`, from 0 to 1, of the heaped-up shares.
    func token(at uniform: Double) -> Int32 {
        let place = uniform * mass
        var sum = 0.0
        for index in weights.indices {
            sum += weights[index]
            if place < sum { return tokens[index] }
        }
        // Rounding left the sum at the place: the last token that can be drawn.
        return tokens[weights.lastIndex { $0 > 0 } ?? 0]
    }
}
