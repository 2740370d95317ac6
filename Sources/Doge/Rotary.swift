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

    /// Whether a sequence of that length has angles of its own.
    func isOwn(length: Int) -> Bool {
        if case .dynamic(_, let trained) = kind { length > trained } else { false }
    }

    /// Radians per position of each pair (headDimension / 2), for a sequence of `length`.
    func frequencies(length: Int) -> [Double] {
        let width = Double(headDimension)
        var base = theta
        if case .dynamic(let factor, let trained) = kind, length > trained {
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

/// Cosines and sines of the positions met so far; one thread's own.
struct RotaryTable: ~Copyable {
    private let rotary: Rotary
    private var buffer: AlignedBuffer
    private var filled = 0
    private var ownLength: Int?

    init?(_ rotary: Rotary) {
        guard let buffer = AlignedBuffer(capacity: 0) else { return nil }
        self.rotary = rotary
        self.buffer = buffer
    }

    private var half: Int { rotary.headDimension / 2 }

    /// (headDimension / 2) of a position below the length last prepared.
    func cosines(_ position: Int) -> UnsafePointer<Float> {
        UnsafePointer(buffer.floats + 2 * position * half)
    }

    /// (headDimension / 2) of a position below the length last prepared.
    func sines(_ position: Int) -> UnsafePointer<Float> { cosines(position) + half }

    /// Makes the positions of a sequence of `length` ready; false where there is no memory.
    ///
    /// Angles are worked out in double precision, as they reach thousands of radians.
    mutating func prepare(length: Int) -> Bool {
        let own = rotary.isOwn(length: length) ? length : nil
        if own != ownLength {
            filled = 0
            ownLength = own
        }
        guard length > filled else { return true }
        if buffer.capacity < 2 * length * half {
            let positions = max(length, 2 * filled, 256)
            guard let larger = AlignedBuffer(capacity: 2 * positions * half) else { return false }
            buffer = larger
            filled = 0
        }
        let frequencies = rotary.frequencies(length: length)
        for position in filled..<length {
            let row = buffer.floats + 2 * position * half
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                row[pair] = Float(cos(angle))
                row[half + pair] = Float(sin(angle))
            }
        }
        filled = length
        return true
    }
}
