import Glibc

/// Cosines and sines of positions, those of shared regimes kept; one thread's own.
///
/// Angles are worked out in double precision, as they reach thousands of radians.
struct RotaryTable: ~Copyable {
    private let rotary: Rotary
    /// (positions, headDimension): cosines, then sines, of the regime that most sequences share.
    private var kept: AlignedBuffer
    private var filled = 0

    init?(_ rotary: Rotary) {
        guard let kept = AlignedBuffer(capacity: 0) else { return nil }
        self.rotary = rotary
        self.kept = kept
    }

    /// Writes the angles of the positions of one pass; false where there is no memory.
    ///
    /// `rows` (positions, headDimension) gets the cosines of a position's pairs, then their sines.
    mutating func write(_ positions: Range<Int>, into rows: UnsafeMutablePointer<Float>) -> Bool {
        let regime = rotary.regime(length: positions.upperBound)
        let width = rotary.headDimension
        guard regime == .base else {
            compute(positions, regime, into: rows)
            return true
        }
        guard prepare(length: positions.upperBound) else { return false }
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
        compute(filled..<length, .base, into: kept.floats + filled * width)
        filled = length
        return true
    }

    private func compute(
        _ positions: Range<Int>,
        _ regime: Rotary.Regime,
        into rows: UnsafeMutablePointer<Float>
    ) {
        let frequencies = rotary.frequencies(regime)
        let half = frequencies.count
        var row = rows
        for position in positions {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                row[pair] = Float(cos(angle))
                row[half + pair] = Float(sin(angle))
            }
            row += 2 * half
        }
    }
}
