import CDogeKernels
import Glibc
import TestSupport
import Testing

@testable import Doge

/// Every vector kernel against the plain loops, at sizes around the vector widths.
@Suite("Kernels of each instruction set") struct KernelTests {
    static let tables = vectorSets
    static let sizes = [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 257]

    var generator = SplitMix(state: 11)

    private mutating func random(_ count: Int, _ range: ClosedRange<Float> = -2...2) -> [Float] {
        (0..<count).map { _ in .random(in: range, using: &generator) }
    }

    private func kernels(_ isa: ck_isa) throws -> ck_kernels {
        try #require(ck_kernels_for(isa)).pointee
    }

    /// Largest difference, as a share of the value where that exceeds 1.
    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).map { abs($0 - $1) / max(1, abs($0)) }.max() ?? 0
    }

    @Test("norms agree in every format", arguments: tables, ProductTests.formats)
    mutating func rows(isa: ck_isa, format: ck_format) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for width in Self.sizes {
            let x = OperandRows.padded(random(3 * width), width)
            let weight = OperandRows.padded(random(width), width)
            let stride = ck_stride(CK_F32, width)
            let (expected, got) = (
                OperandRows(format, rows: 3, width: width),
                OperandRows(format, rows: 3, width: width)
            )
            oracle.norm(x, stride, weight, width, 1e-6, 3, expected.operand)
            table.norm(x, stride, weight, width, 1e-6, 3, got.operand)
            for row in 0..<3 {
                let (a, b) = (expected.numbers(row: row), got.numbers(row: row))
                // A sum in another order may round to the next number of a coarse format.
                let step: Float =
                    format == CK_F32 ? 2e-6 : format == CK_BF16 ? 1.0 / 128 : 2.1 / 127
                let largest = max(1, a.map(abs).max() ?? 0)
                #expect(difference(a, b) < step * largest, "norm of \(width)")
                #expect(b.dropFirst(width).allSatisfy { $0 == 0 }, "padding of \(width)")
            }
        }
    }

    @Test("wide rows need no stack of their width", arguments: instructionSets)
    func narrowStack(isa: ck_isa) throws {
        let (table, width) = (try kernels(isa), 1 << 18)
        let x = [Float](repeating: 2, count: width)
        for format in ProductTests.formats {
            let out = OperandRows(format, rows: 1, width: width)
            onThread(stackBytes: 128 << 10) {
                table.norm(x, width, x, width, 0, 1, out.operand)
                table.convert(out.numbers(row: 0), width, width, 1, out.operand)
            }
            #expect(
                out.numbers(row: 0).allSatisfy { abs($0 - 2) < 1e-5 },
                "format \(format.rawValue)"
            )
        }
    }

    @Test("conversions agree to the bit", arguments: tables, ProductTests.formats)
    mutating func conversions(isa: ck_isa, format: ck_format) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for width in Self.sizes {
            var x = random(4 * width, -1e3...1e3)
            x.replaceSubrange(width..<2 * width, with: repeatElement(0, count: width))
            x[0] = 1e-3
            let expected = OperandRows(format, x, width: width, by: oracle)
            let got = OperandRows(format, x, width: width, by: table)
            for row in 0..<4 { #expect(expected.numbers(row: row) == got.numbers(row: row)) }
        }
    }

    @Test(
        "what lies behind a row is neither read nor kept",
        arguments: instructionSets,
        ProductTests.formats
    )
    mutating func padding(isa: ck_isa, format: ck_format) throws {
        let table = try kernels(isa)
        for width in Self.sizes {
            let x = random(2 * width)
            let stride = ck_stride(CK_F32, width)
            var stale = OperandRows.padded(x, width)
            for place in stale.indices where place % stride >= width { stale[place] = .nan }
            let expected = OperandRows(format, x, width: width, by: table)
            let got = OperandRows(format, rows: 2, width: width)
            table.convert(stale, stride, width, 2, got.operand)
            for row in 0..<2 {
                #expect(expected.numbers(row: row) == got.numbers(row: row), "width \(width)")
            }
        }
    }

    @Test("the dynamic mask agrees", arguments: tables)
    mutating func masks(isa: ck_isa) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for (rows, heads) in [(1, 1), (5, 1), (16, 1), (33, 3), (7, 8), (2, 20)] {
            let z = random(rows * heads, -40...40), bias = random(heads), a = random(heads)
            for bias in [nil, bias] {
                var (expected, got) = (z, z)
                if let bias {
                    oracle.dynamic_mask(&expected, bias, a, rows, heads)
                    table.dynamic_mask(&got, bias, a, rows, heads)
                } else {
                    oracle.dynamic_mask(&expected, nil, a, rows, heads)
                    table.dynamic_mask(&got, nil, a, rows, heads)
                }
                let apart = zip(expected, got).map { abs($0 - $1) / max($0, 1e-30) }.max() ?? 1
                #expect(apart < 1e-5, "\(rows) x \(heads): \(apart)")
            }
        }
    }

    @Test("the best number is found, the first among equals", arguments: tables)
    mutating func best(isa: ck_isa) throws {
        let table = try kernels(isa)
        for count in Self.sizes {
            var x = random(count)
            let place = count / 2
            x[place] = 5
            if count > place + 1 { x[count - 1] = 5 }
            #expect(table.best(x, count) == place)
            for bad in [Float.nan, .infinity, -.infinity] {
                x[count - 1] = bad
                #expect(table.best(x, count) == count)
            }
        }
    }

    @Test("norm and rotary of heads agree", arguments: tables)
    mutating func heads(isa: ck_isa) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for dimension in [2, 4, 6, 16, 24, 30, 32, 34, 64, 66, 96, 128] {
            let row = random(3 * dimension), weight = random(dimension)
            let angles = random(dimension / 2, 0...6)
            let cosines = angles.map { cosf($0) }, sines = angles.map { sinf($0) }
            var expected = row, got = row
            oracle.rotate_heads(&expected, 3, dimension, weight, 1e-6, cosines, sines, 0.25)
            table.rotate_heads(&got, 3, dimension, weight, 1e-6, cosines, sines, 0.25)
            #expect(difference(expected, got) < 2e-6, "heads of \(dimension)")
        }
    }

    @Test("gates agree for every activation, far into both tails", arguments: tables)
    mutating func gates(isa: ck_isa) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for (name, activation) in Functions.all.sorted(by: { $0.key < $1.key }) {
            for width in Self.sizes {
                var gates = random(width, -12...12)
                gates[0] = -200
                gates[width - 1] = 200
                let ups = random(width, -12...12)
                let expected = try gated(oracle, gates, ups, activation)
                let got = try gated(table, gates, ups, activation)
                #expect(difference(expected, got) < 2e-6, "\(name) of \(width)")
            }
        }
    }

    @Test("matrix times vector agrees", arguments: tables)
    mutating func matvec(isa: ck_isa) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for width in Self.sizes {
            let matrix = random(5 * width), x = random(width)
            var expected = [Float](repeating: 0, count: 5), got = expected
            oracle.matvec(matrix, x, &expected, 5, width)
            table.matvec(matrix, x, &got, 5, width)
            #expect(difference(expected, got) < 2e-5, "width \(width)")
        }
    }
}

/// The kernels of choosing tokens, at sizes around vectors, groups and blocks.
@Suite("Sampling kernels of each instruction set") struct SamplingKernelTests {
    static let sizes = [1, 7, 16, 17, 33, 511, 512, 513, 530, 1_024, 3_001]

    @Test("groups, bounds and weights agree with the plain loops", arguments: vectorSets)
    func agreement(isa: ck_isa) throws {
        let oracle = try #require(ck_kernels_for(CK_GENERIC)).pointee.sampling.pointee
        let table = try #require(ck_kernels_for(isa)).pointee.sampling.pointee
        var generator = SplitMix(state: 5)
        for count in Self.sizes {
            let x = (0..<count).map { _ in Float(Int.random(in: -99...99, using: &generator)) / 9 }
            var (tops, same) = (
                [Float](repeating: 0, count: 512), [Float](repeating: 1, count: 512)
            )
            oracle.tops(x, count, &tops)
            table.tops(x, count, &same)
            #expect(tops == same)
            var (found, alike) = ([Int32](repeating: 0, count: count), [Int32]())
            for bound in [-Float.infinity, -3, x[0], 10.9, .infinity] {
                alike = found
                let number = oracle.above(x, count, bound, &found)
                #expect(table.above(x, count, bound, &alike) == number)
                #expect(found.prefix(number) == alike.prefix(number))
            }
            let largest = x.max() ?? 0
            let blocks = (count + 511) / 512
            var (weights, others) = (x, x)
            var (sums, totals) = (
                [Float](repeating: 0, count: blocks), [Float](repeating: 1, count: blocks)
            )
            oracle.weigh(x, count, largest, 0.7, &weights, &sums)
            table.weigh(x, count, largest, 0.7, &others, &totals)
            for (a, b) in zip(weights, others) { #expect(abs(a - b) <= 2e-6 * a + 1e-37) }
            for (a, b) in zip(sums, totals) { #expect(abs(a - b) <= 1e-5 * a) }
        }
    }
}
