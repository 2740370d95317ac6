import Glibc

/// How positions become angles; formulas as in transformers' `modeling_rope_utils`.
struct Rotary: Sendable {
    enum Kind: Sendable {
        case plain
        /// All frequencies divided by the factor.
        case linear(factor: Double)
        /// A base that grows with sequences longer than the trained positions.
        case dynamic(factor: Double, trained: Int)
        /// Low frequencies divided by the factor, with a straight passage between.
        case yarn(Yarn)
        /// Frequencies divided one by one, by other numbers where a pass is longer than `original`.
        case longrope(short: [Double], long: [Double], original: Double)
        /// Low frequencies divided by the factor, with a smooth passage between.
        case llama3(factor: Double, low: Double, high: Double, original: Double)
        /// The first `rotated` pairs turn, the others stand still.
        case proportional(factor: Double, rotated: Int)
    }

    /// What the type yarn asks for; turns are counted over the original positions.
    struct Yarn: Sendable {
        let factor: Double
        let original: Double
        /// Pairs that turn more often keep their frequency.
        let betaFast: Double
        /// Pairs that turn less often are divided by the factor.
        let betaSlow: Double
        /// Whether the borders of the passage are rounded outwards to whole pairs.
        let truncates: Bool

        /// Factor on cosines and sines that transformers works out where the file names none.
        static func attentionFactor(_ factor: Double, mscale: Double, all: Double) -> Double {
            func scale(_ weight: Double) -> Double {
                factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
            }
            return mscale != 0 && all != 0 ? scale(mscale) / scale(all) : scale(1)
        }
    }

    let kind: Kind
    let theta: Double
    let headDimension: Int
    /// What the exponents are shares of: the head's dimension, or one less.
    let width: Int
    /// Factor on all cosines and sines.
    let attentionFactor: Double

    /// Which frequencies turn the tokens of one pass.
    enum Regime: Equatable {
        /// Those of every sequence within the limit, if there is one.
        case base
        /// Those of every sequence beyond the original positions.
        case long
        /// Those of this length alone.
        case own(length: Int)
    }

    /// The regime of a pass whose last token has the position `length - 1`.
    func regime(length: Int) -> Regime {
        switch kind {
        case .dynamic(_, let trained) where length > trained: .own(length: length)
        case .longrope(_, _, let original) where Double(length) > original: .long
        default: .base
        }
    }

    /// Radians per position of each pair (headDimension / 2).
    func frequencies(_ regime: Regime) -> [Double] {
        var plain: [Double] = []
        write(regime, into: &plain)
        switch kind {
        case .plain, .dynamic: return plain
        case .linear(let factor): return plain.map { $0 / factor }
        case .yarn(let yarn): return yarned(plain, yarn)
        case .longrope(let short, let long, _):
            return zip(plain, regime == .long ? long : short).map { $0 / $1 }
        case .llama3(let factor, let low, let high, let original):
            return plain.map { frequency in
                let wavelength = 2 * Double.pi / frequency
                if wavelength > original / low { return frequency / factor }
                if wavelength < original / high { return frequency }
                let smooth = (original / wavelength - low) / (high - low)
                return (1 - smooth) * frequency / factor + smooth * frequency
            }
        case .proportional(let factor, let rotated):
            return plain.enumerated().map { $0 < rotated ? $1 / factor : 0 }
        }
    }

    /// The frequencies of a base alone, in memory that may be there already; all of a regime that
    /// is a length's own.
    func write(_ regime: Regime, into frequencies: inout [Double]) {
        let width = Double(width)
        var base = theta
        if case .dynamic(let factor, let trained) = kind, case .own(let length) = regime {
            let growth = factor * Double(length) / Double(trained) - (factor - 1)
            base = theta * pow(growth, width / (width - 2))
        }
        frequencies.removeAll(keepingCapacity: true)
        for pair in 0..<headDimension / 2 {
            frequencies.append(pow(base, -2 * Double(pair) / width))
        }
    }

    private func yarned(_ plain: [Double], _ yarn: Yarn) -> [Double] {
        /// The pair, not whole, that turns so often over the original positions.
        func pair(turning turns: Double) -> Double {
            Double(width) * log(yarn.original / (turns * 2 * .pi)) / (2 * log(theta))
        }
        var first = pair(turning: yarn.betaFast)
        var last = pair(turning: yarn.betaSlow)
        if yarn.truncates { (first, last) = (first.rounded(.down), last.rounded(.up)) }
        first = max(first, 0)
        last = min(last, Double(width - 1))
        if first == last { last += 0.001 }
        return plain.enumerated().map { pair, frequency in
            let ramp = min(max((Double(pair) - first) / (last - first), 0), 1)
            return frequency / yarn.factor * ramp + frequency * (1 - ramp)
        }
    }
}
