import TestSupport
import Testing

@testable import Doge

@Suite("Matrix products") struct ProductTests {
    /// (inputs, outputs): those of the golden checkpoints, of the published sizes, and odd ones.
    static let shapes: [(Int, Int)] = [
        (64, 64), (64, 208), (96, 64), (64, 2), (66, 33), (7, 5), (256, 256), (256, 1600),
        (768, 256), (192, 1056), (512, 2048), (1024, 512), (192, 192), (1, 1),
    ]

    @Test("a row has the same bits in a tile of any height", arguments: shapes)
    func tiles(inputs: Int, outputs: Int) throws {
        var generator = SplitMix(state: 7)
        let library = try MatrixLibrary()
        for hasBias in [false, true] {
            let shape = ProductShape(inputs: inputs, outputs: outputs, hasBias: hasBias)
            let plan = try ProductPlan(shape, library: library)
            let weights = try #require(OwnedFloats(count: inputs * outputs))
            for i in 0..<inputs * outputs {
                weights.floats[i] = .random(in: -1...1, using: &generator)
            }
            let tensor = try #require(FloatTensor(stacking: [try wrap(weights, inputs * outputs)]))
            let bias = hasBias ? FloatTensor(zeros: outputs) : nil
            let matrix = try PackedMatrix(
                tensor,
                bias: bias,
                plan: plan,
                index: 0,
                library: library
            )
            let multiplier = try Multiplier([matrix], library: library)
            let x = try #require(OwnedFloats(count: 400 * inputs))
            for i in 0..<400 * inputs { x.floats[i] = .random(in: -1...1, using: &generator) }
            let all = try #require(OwnedFloats(count: 400 * outputs))
            try multiplier.multiply(matrix, x.floats, all.floats, rows: 400)
            try expectTrue(all, x, tensor, inputs: inputs, outputs: outputs)
            for rows in [1, 2, 15, 16, 17, 63, 64, 80, 255, 256] {
                let out = try #require(OwnedFloats(count: 400 * outputs))
                let first = 400 - (rows + 15) / 16 * 16
                try multiplier.multiply(matrix, x.floats + first * inputs, out.floats, rows: rows)
                let same = (0..<rows * outputs).allSatisfy {
                    out.floats[$0].bitPattern == all.floats[first * outputs + $0].bitPattern
                }
                #expect(same, "\(rows) rows, bias \(hasBias)")
            }
        }
    }

    private func wrap(_ floats: OwnedFloats, _ count: Int) throws -> FloatTensor {
        let bytes = UnsafeRawBufferPointer(start: floats.floats, count: 4 * count)
        return try #require(FloatTensor(bytes, type: .f32, owner: floats))
    }

    /// Spot checks against sums in double precision.
    private func expectTrue(
        _ out: OwnedFloats,
        _ x: OwnedFloats,
        _ weights: FloatTensor,
        inputs: Int,
        outputs: Int
    ) throws {
        for (row, column) in [(0, 0), (255, outputs - 1), (399, outputs / 2), (390, outputs - 1)] {
            let sum = (0..<inputs).reduce(0.0) {
                $0 + Double(x.floats[row * inputs + $1])
                    * Double(weights.floats[column * inputs + $1])
            }
            #expect(abs(sum - Double(out.floats[row * outputs + column])) < 1e-4)
        }
    }
}
