import Glibc

/// Cosines and sines of positions, those of shared regimes kept; one thread's own.
///
/// Angles are worked out in double precision, as they reach thousands of radians.
struct RotaryTable: ~Copyable {
    private let rotary: Rotary
    private var base: KeptAngles
    private var long: KeptAngles
    /// Of the length at hand, where each has its own.
    private var frequencies: [Double] = []

    init?(_ rotary: Rotary) {
        guard let base = KeptAngles(rotary, .base), let long = KeptAngles(rotary, .long) else {
            return nil
        }
        self.rotary = rotary
        self.base = base
        self.long = long
    }

    /// Writes the angles of the positions of one pass; false where there is no memory.
    ///
    /// `rows` (positions, headDimension) gets the cosines of a position's pairs, then their sines.
    mutating func write(_ positions: Range<Int>, into rows: UnsafeMutablePointer<Float>) -> Bool {
        let regime = rotary.regime(length: positions.upperBound)
        switch regime {
        case .base: return base.write(positions, into: rows)
        case .long: return long.write(positions, into: rows)
        case .own:
            rotary.write(regime, into: &frequencies)
            rotary.write(positions, frequencies, into: rows)
            return true
        }
    }
}

/// The angles of one regime from position 0 on, as far as any sequence has asked for them.
private struct KeptAngles: ~Copyable {
    private let rotary: Rotary
    private let frequencies: [Double]
    /// (positions, headDimension): cosines, then sines.
    private var kept: AlignedBuffer
    private var filled = 0

    init?(_ rotary: Rotary, _ regime: Rotary.Regime) {
        guard let kept = AlignedBuffer(capacity: 0) else { return nil }
        self.rotary = rotary
        frequencies = rotary.frequencies(regime)
        self.kept = kept
    }

    mutating func write(_ positions: Range<Int>, into rows: UnsafeMutablePointer<Float>) -> Bool {
        guard prepare(length: positions.upperBound) else { return false }
        let width = rotary.headDimension
        rows.update(
            from: kept.floats + positions.lowerBound * width,
            count: positions.count * width
        )
        return true
    }

    /// Makes the positions below `length` ready.
    private mutating func prepare(length: Int) -> Bool {
        guard length > filled else { return true }
        let width = rotary.headDimension
        if kept.capacity < length * width {
            let positions = max(length, 2 * filled, 256)
            guard let larger = AlignedBuffer(capacity: positions * width) else { return false }
            larger.floats.update(from: kept.floats, count: filled * width)
            kept = larger
        }
        rotary.write(filled..<length, frequencies, into: kept.floats + filled * width)
        filled = length
        return true
    }
}

extension Rotary {
    /// Works the angles of positions out: cosines, then sines, of each row.
    fileprivate func write(
        _ positions: Range<Int>,
        _ frequencies: [Double],
        into rows: UnsafeMutablePointer<Float>
    ) {
        let half = frequencies.count
        var row = rows
        for position in positions {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                row[pair] = Float(cos(angle) * attentionFactor)
                row[half + pair] = Float(sin(angle) * attentionFactor)
            }
            row += 2 * half
        }
    }
}
