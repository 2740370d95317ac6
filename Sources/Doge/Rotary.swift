import Glibc

/// How positions become angles; formulas as in transformers' `modeling_rope_utils`.
struct Rotary: Sendable {
    enum Kind: Sendable {
        case plain
        /// All frequencies divided by the factor.
        case linear(factor: Double)
        /// A base that grows with sequences longer than the trained positions.
        case dynamic(factor: Double, trained: Int)
        /// Low frequencies divided by the factor, with a smooth passage between.
        case llama3(factor: Double, low: Double, high: Double, original: Double)
    }

    let kind: Kind
    let theta: Double
    let headDimension: Int

    /// Which frequencies turn the tokens of one pass.
    enum Regime: Equatable {
        /// Those of every sequence within the limit, if there is one.
        case base
        /// Those of this length alone.
        case own(length: Int)
    }

    /// The regime of a pass whose last token has the position `length - 1`.
    func regime(length: Int) -> Regime {
        if case .dynamic(_, let trained) = kind, length > trained {
            .own(length: length)
        } else {
            .base
        }
    }

    /// Radians per position of each pair (headDimension / 2).
    func frequencies(_ regime: Regime) -> [Double] {
        let width = Double(headDimension)
        var base = theta
        if case .dynamic(let factor, let trained) = kind, case .own(let length) = regime {
            let growth = factor * Double(length) / Double(trained) - (factor - 1)
            base = theta * pow(growth, width / (width - 2))
        }
        return (0..<headDimension / 2).map { pair in
            let frequency = pow(base, -2 * Double(pair) / width)
            switch kind {
            case .plain, .dynamic: return frequency
            case .linear(let factor): return frequency / factor
            case .llama3(let factor, let low, let high, let original):
                let wavelength = 2 * Double.pi / frequency
                if wavelength > original / low { return frequency / factor }
                if wavelength < original / high { return frequency }
                let smooth = (original / wavelength - low) / (high - low)
                return (1 - smooth) * frequency / factor + smooth * frequency
            }
        }
    }
}
