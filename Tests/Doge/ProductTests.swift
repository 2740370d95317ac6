import CDogeKernels
import TestSupport
import Testing

@testable import Doge

/// Products in every format, against sums in double precision over what the operands say.
@Suite("Matrix products") struct ProductTests {
    /// (inputs, outputs): those of published sizes, and odd ones.
    static let shapes: [(Int, Int)] = [
        (64, 64), (64, 208), (96, 64), (64, 2), (66, 33), (7, 5), (256, 256), (192, 130), (1, 1),
        (3, 65), (513, 64),
    ]
    static let formats: [ck_format] = [CK_F32, CK_BF16, CK_INT8]
    static let rows = 14

    /// A product's parts, drawn.
    struct Case {
        let inputs: Int, outputs: Int
        let weights: [Float], bias: [Float], x: [Float]
        let matrix: PackedMatrix

        init(_ format: ck_format, _ inputs: Int, _ outputs: Int, hasBias: Bool) throws {
            var generator = SplitMix(state: UInt64(1_000 * inputs + outputs))
            func random(_ count: Int) -> [Float] {
                (0..<count).map { _ in .random(in: -1...1, using: &generator) }
            }
            self.inputs = inputs
            self.outputs = outputs
            weights = random(inputs * outputs)
            bias = hasBias ? random(outputs) : []
            x = random(ProductTests.rows * inputs)
            matrix = try PackedMatrix(
                [FloatTensor(weights)],
                biases: hasBias ? [FloatTensor(bias)] : [],
                inputs: inputs,
                format: format
            )
        }

        /// The products of some rows, and of the panels that are named.
        func run(
            _ table: ck_kernels,
            rows: Range<Int> = 0..<ProductTests.rows,
            panels: Range<Int>? = nil,
            finish: ck_finish = CK_STORE,
            over: Float = .nan,
            residual: FloatTensor? = nil
        ) -> [Float] {
            let part = Array(x[rows.lowerBound * inputs..<rows.upperBound * inputs])
            let operand = OperandRows(matrix.format, part, width: inputs, by: table)
            let stride = matrix.panelCount * 64
            var out = [Float](repeating: over, count: rows.count * stride)
            out.withUnsafeMutableBufferPointer { out in
                var product = ck_product(
                    matrix: matrix.matrix,
                    x: operand.operand,
                    rows: rows.count,
                    first: panels?.lowerBound ?? 0,
                    end: panels?.upperBound ?? matrix.panelCount,
                    finish: finish,
                    out: out.baseAddress,
                    out_stride: stride,
                    residual: residual?.floats,
                    gated: operand.operand,
                    activation: ck_activation()
                )
                table.multiply(&product)
            }
            return withExtendedLifetime((matrix, operand, residual)) { out }
        }

        /// The weights as the format keeps them.
        func kept(_ weights: ArraySlice<Float>) -> [Double] {
            switch matrix.format {
            case CK_BF16: return weights.map { Double(ProductTests.narrowed($0)) }
            case CK_INT8:
                let scale = (weights.map(abs).max() ?? 0) / 127
                return weights.map {
                    Double(scale * (scale > 0 ? ($0 / scale).rounded(.toNearestOrEven) : 0))
                }
            default: return weights.map(Double.init)
            }
        }
    }

    static func narrowed(_ x: Float) -> Float {
        var half: UInt16 = 0
        ck_narrow_bf16([x], &half, 1)
        return Float(bitPattern: UInt32(half) << 16)
    }

    @Test(
        "a product is the sum of what rows and weights are kept as",
        arguments: instructionSets,
        formats
    )
    func sums(isa: ck_isa, format: ck_format) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        var worst = 0.0
        for (inputs, outputs) in Self.shapes {
            for hasBias in [false, true] {
                let c = try Case(format, inputs, outputs, hasBias: hasBias)
                let out = c.run(table)
                let x = OperandRows(format, c.x, width: inputs, by: table)
                for row in [0, 5, 6, 13] {
                    let kept = x.numbers(row: row)
                    for column in [0, outputs / 2, outputs - 1] {
                        let weights = c.kept(c.weights[column * inputs..<(column + 1) * inputs])
                        var sum = hasBias ? Double(c.bias[column]) : 0
                        for (x, weight) in zip(kept, weights) { sum += Double(x) * weight }
                        let got = out[row * c.matrix.panelCount * 64 + column]
                        worst = max(worst, abs(sum - Double(got)) / max(1, abs(sum)))
                    }
                }
                let stride = c.matrix.panelCount * 64
                let padding = (0..<Self.rows).flatMap { row -> ArraySlice<Float> in
                    let start = row * stride
                    return out[start + outputs..<start + stride]
                }
                #expect(padding.allSatisfy { $0 == 0 }, "padding of \(inputs) x \(outputs)")
            }
        }
        // Widest rows: 513 products of about 1, whose order is all that differs.
        #expect(worst < 2e-5, "format \(format.rawValue) \(isa.rawValue): \(worst)")
    }

    @Test(
        "a result has the same bits whatever rows and columns are computed beside it",
        arguments: vectorSets,
        formats
    )
    func invariance(isa: ck_isa, format: ck_format) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        let c = try Case(format, 130, 200, hasBias: true)
        let all = c.run(table)
        let stride = c.matrix.panelCount * 64
        for count in 1...Self.rows {
            for first in [0, Self.rows - count] {
                let some = c.run(table, rows: first..<first + count)
                #expect(some == Array(all[first * stride..<(first + count) * stride]))
            }
        }
        for panel in 0..<c.matrix.panelCount {
            let some = c.run(table, panels: panel..<panel + 1)
            for (index, value) in some.enumerated() {
                let isInside = index % stride / 64 == panel
                #expect(isInside ? value == all[index] : value.isNaN)
            }
        }
    }

    @Test("what stands in the way out is scaled and added to", arguments: instructionSets, formats)
    func residual(isa: ck_isa, format: ck_format) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        let c = try Case(format, 70, 100, hasBias: false)
        let scale = FloatTensor((0..<128).map { Float($0) / 64 })
        let plain = c.run(table)
        let added = c.run(table, finish: CK_RESIDUAL, over: 3, residual: scale)
        for (index, value) in added.enumerated() {
            let expected = 3 * Float(index % 128) / 64 + plain[index]
            #expect(abs(value - expected) <= 1e-6 * max(1, abs(expected)))
        }
    }

    @Test("gates and their partners meet at any width", arguments: vectorSets)
    func gates(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        var generator = SplitMix(state: 4)
        for width in [1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 130] {
            let gates = (0..<width).map { _ in Float.random(in: -3...3, using: &generator) }
            let ups = (0..<width).map { _ in Float.random(in: -3...3, using: &generator) }
            let got = try gated(table, gates, ups, ck_activation(CK_RELU))
            #expect(got == zip(gates, ups).map { max(0, $0) * $1 }, "width \(width)")
        }
    }

    /// The products of a row of numbers and one of as many ones.
    private func products(
        of first: [Float],
        weight: Float,
        _ isa: ck_isa,
        _ format: ck_format
    ) throws -> [Float] {
        let table = try #require(ck_kernels_for(isa)).pointee
        let inputs = first.count
        let weights = FloatTensor([Float](repeating: weight, count: 64 * inputs))
        let matrix = try PackedMatrix([weights], biases: [], inputs: inputs, format: format)
        let x = first + [Float](repeating: 1, count: inputs)
        let operand = OperandRows(format, x, width: inputs, by: table)
        var out = [Float](repeating: 0, count: 128)
        out.withUnsafeMutableBufferPointer { out in
            var product = ck_product(
                matrix: matrix.matrix,
                x: operand.operand,
                rows: 2,
                first: 0,
                end: 1,
                finish: CK_STORE,
                out: out.baseAddress,
                out_stride: 64,
                residual: nil,
                gated: operand.operand,
                activation: ck_activation()
            )
            table.multiply(&product)
        }
        return withExtendedLifetime((matrix, operand)) { out }
    }

    @Test("numbers that are not finite reach the result", arguments: instructionSets, formats)
    func notFinite(isa: ck_isa, format: ck_format) throws {
        for bad in [Float.nan, .infinity, -.infinity] {
            for place in [0, 33, 69] {
                var x = [Float](repeating: 1, count: 70)
                x[place] = bad
                let out = try products(of: x, weight: 0.5, isa, format)
                #expect(out.prefix(64).allSatisfy { !$0.isFinite }, "\(bad) at \(place)")
                #expect(out.suffix(64).allSatisfy { abs($0 - 35) < 0.2 }, "its neighbour is well")
            }
        }
    }

    @Test("int8 sums of as many inputs as 32 bits hold are exact", arguments: instructionSets)
    func longest(isa: ck_isa) throws {
        let inputs = DataType.inputsMax
        for sign in [Float(1), -1] {
            let row = [Float](repeating: sign, count: inputs)
            let out = try products(of: row, weight: -0.5, isa, CK_INT8)
            #expect(out.prefix(64).allSatisfy { $0 == -0.5 * sign * Float(inputs) })
            #expect(out.suffix(64).allSatisfy { $0 == -0.5 * Float(inputs) })
        }
    }

    @Test("numbers too small to be divided by are as good as zero", arguments: instructionSets)
    func small(isa: ck_isa) throws {
        let tiny = Float.leastNormalMagnitude / 64
        for format in Self.formats {
            for (x, weight) in [(tiny, Float(0.5)), (tiny, tiny), (1, tiny)] {
                let row = [Float](repeating: x, count: 70)
                let out = try products(of: row, weight: weight, isa, format)
                #expect(out.prefix(64).allSatisfy { abs($0) < 1e-37 }, "\(x) times \(weight)")
            }
        }
    }
}
