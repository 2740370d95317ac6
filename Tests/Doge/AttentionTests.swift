import CDogeKernels
import Glibc
import TestSupport
import Testing

/// Attention of a whole sequence against sums in double precision over keys chosen by sorting.
@Suite("Dynamic mask attention") struct AttentionTests {
    struct Case: Sendable, CustomStringConvertible {
        let keys: Int
        let dimension: Int
        let window: Int
        let sliding: Int
        /// Values that dt may take; few make ties.
        var levels = 1_000_000

        var description: String {
            "\(keys) keys of \(dimension), window \(window), sliding \(sliding), levels \(levels)"
        }
    }

    static let cases: [Case] = [1, 2, 3, 4, 5, 16, 63, 64, 65, 130].flatMap { keys in
        [4, 16, 18, 64].flatMap { dimension in
            [
                Case(keys: keys, dimension: dimension, window: 2_048, sliding: 0),
                Case(keys: keys, dimension: dimension, window: 1, sliding: 0),
                Case(keys: keys, dimension: dimension, window: 10, sliding: 0),
                Case(keys: keys, dimension: dimension, window: 61, sliding: 0, levels: 3),
                Case(keys: keys, dimension: dimension, window: 10, sliding: 0, levels: 1),
                Case(keys: keys, dimension: dimension, window: 2_048, sliding: 7),
                Case(keys: keys, dimension: dimension, window: 10, sliding: 30, levels: 5),
                Case(keys: keys, dimension: dimension, window: 10, sliding: 5),
            ]
        }
    }

    /// Few keys more than the window: its slots need the most room beside the keys'.
    static let narrowCases: [Case] = (57...60).flatMap { window in
        (window + 1...window + 4).map { keys in
            Case(keys: keys, dimension: 16, window: window, sliding: 0)
        }
    }

    /// Keys that the query at `position` sees: those of largest dt, the latest among equals.
    private func kept(_ dt: [Float], _ c: Case, position: Int) -> [Int] {
        let oldest = c.sliding > 0 ? max(0, position + 1 - c.sliding) : 0
        return (oldest...position).sorted { (dt[$0], $0) > (dt[$1], $1) }.prefix(c.window).sorted()
    }

    @Test(
        "every query weighs the keys it keeps",
        arguments: instructionSets,
        [CK_F32, CK_BF16]
    )
    func sequences(isa: ck_isa, format: ck_format) throws {
        guard let kernels = ck_kernels_for(isa) else { return }
        for (number, c) in (Self.cases + Self.narrowCases).enumerated() {
            var generator = SplitMix(state: UInt64(number))
            let width = 2 * c.dimension
            func random(_ count: Int) -> [Float] {
                (0..<count).map { _ in
                    let x = Float.random(in: -1...1, using: &generator)
                    return format == CK_F32 ? x : ProductTests.narrowed(x)
                }
            }
            let queries = random(c.keys * width), keys = random(c.keys * width)
            let values = random(c.keys * width)
            let dt = (0..<c.keys).map { _ in
                Float(Int.random(in: 0..<c.levels, using: &generator)) / Float(c.levels)
            }
            let all = Array(0..<Int32(c.keys))
            let some = all.filter { $0 % 7 == 2 || $0 == c.keys - 1 }
            for positions in [all, some] {
                let rows = positions.flatMap { queries[Int($0) * width..<(Int($0) + 1) * width] }
                let got = attend(c, format, kernels, rows, positions, keys, values, dt)
                var worst = 0.0
                for (row, position) in positions.enumerated() {
                    for head in 0..<2 {
                        let start = row * width + head * c.dimension
                        let expected = weigh(
                            Array(rows[start..<start + c.dimension]),
                            keys,
                            values,
                            dt,
                            c,
                            position: Int(position)
                        )
                        for d in 0..<c.dimension {
                            worst = max(worst, abs(expected[d] - Double(got[start + d])))
                        }
                    }
                }
                // In bf16 each weight is rounded by up to 1/256 of itself.
                let bound = format == CK_F32 ? 3e-6 : 1.0 / 256
                #expect(worst < bound, "\(c), \(positions.count) queries")
            }
        }
    }

    /// The kernel's answer for two heads that share the keys; (positions, 2 * dimension).
    private func attend(
        _ c: Case,
        _ format: ck_format,
        _ kernels: UnsafePointer<ck_kernels>,
        _ queries: [Float],
        _ positions: [Int32],
        _ keys: [Float],
        _ values: [Float],
        _ dt: [Float]
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: queries.count)
        // Without a sliding limit, slots past the window are used again.
        let slots = c.sliding == 0 ? min(c.keys, c.window + Int(CK_QUERIES)) : c.keys
        let count = ck_attend_scratch(slots, c.dimension)
        // Scratch full of what an earlier sequence left behind, and a zone that is not ours.
        var scratch = [Float](repeating: .nan, count: count)
        let guardZone = [Float](repeating: 7, count: 4_096)
        scratch += guardZone
        let width = 2 * c.dimension
        guard let table = ck_kernels_for(CK_GENERIC)?.pointee else { return [] }
        // Whole blocks of queries are read.
        let beyond = [Float](repeating: .nan, count: Int(CK_QUERIES) * width)
        let rows = OperandRows(format, queries + beyond, width: width, by: table)
        let k = OperandRows(format, keys, width: width, by: table)
        let v = OperandRows(format, values, width: width, by: table)
        out.withUnsafeMutableBufferPointer { out in
            positions.withUnsafeBufferPointer { positions in
                dt.withUnsafeBufferPointer { dt in
                    guard let outputs = out.baseAddress, let p = positions.baseAddress,
                        let mask = dt.baseAddress
                    else { return }
                    var sequence = ck_sequence(
                        format: format,
                        queries: rows.operand.words,
                        positions: p,
                        keys: k.operand.words,
                        values: v.operand.words,
                        dt: mask,
                        outputs: outputs,
                        query_stride: rows.operand.stride,
                        key_stride: k.operand.stride,
                        query_head: ck_words(format, c.dimension),
                        dt_stride: 1,
                        output_stride: width,
                        query_count: positions.count,
                        key_count: c.keys,
                        head_dim: c.dimension,
                        group: 2,
                        window: c.window,
                        sliding: c.sliding
                    )
                    ck_attend_sequence(kernels, &sequence, &scratch)
                }
            }
        }
        withExtendedLifetime((rows, k, v)) {}
        #expect(scratch[count...].elementsEqual(guardZone), "\(c) wrote behind its scratch")
        return out
    }

    private func weigh(
        _ query: [Float],
        _ keys: [Float],
        _ values: [Float],
        _ dt: [Float],
        _ c: Case,
        position: Int
    ) -> [Double] {
        let width = 2 * c.dimension
        let kept = kept(dt, c, position: position)
        let weights = kept.map { key in
            exp(
                (0..<c.dimension).reduce(Double(dt[key])) {
                    $0 + Double(query[$1]) * Double(keys[key * width + $1])
                }
            )
        }
        let sum = weights.reduce(0, +)
        return (0..<c.dimension).map { d in
            zip(kept, weights).reduce(0) { $0 + $1.1 * Double(values[$1.0 * width + d]) } / sum
        }
    }
}
