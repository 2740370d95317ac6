import CDogeKernels
import Glibc
import TestSupport
import Testing

/// Every vector kernel against the plain loops, at sizes around the vector widths.
@Suite("Kernels of each instruction set") struct KernelTests {
    static let tables: [ck_isa] = [CK_AVX2, CK_AVX512].filter { ck_kernels_for($0) != nil }
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

    @Test("norm and residual agree", arguments: tables)
    mutating func rows(isa: ck_isa) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for width in Self.sizes {
            let x = random(3 * width), weight = random(width), branch = random(3 * width)
            var expected = [Float](repeating: 0, count: 3 * width), got = expected
            oracle.norm(x, weight, &expected, 3, width, 1e-6)
            table.norm(x, weight, &got, 3, width, 1e-6)
            #expect(difference(expected, got) < 2e-6, "norm of \(width)")
            var first = x, second = x
            oracle.residual(&first, branch, weight, 3, width)
            table.residual(&second, branch, weight, 3, width)
            #expect(difference(first, second) < 1e-6, "residual of \(width)")
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
                var x = random(2 * (2 * width + 3), -12...12)
                x[0] = -200
                x[2 * width + 3] = 200
                var expected = [Float](repeating: 0, count: 2 * width), got = expected
                oracle.gate(x, 2 * width + 3, &expected, 2, width, activation)
                table.gate(x, 2 * width + 3, &got, 2, width, activation)
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

    @Test("experts agree", arguments: tables)
    mutating func experts(isa: ck_isa) throws {
        let (oracle, table) = (try kernels(CK_GENERIC), try kernels(isa))
        for (number, width) in Self.sizes.enumerated() {
            for (other, count) in [1, 3, 8, 17, 256].enumerated() {
                let names = Functions.all.keys.sorted()
                let act = try #require(Functions.all[names[(5 * number + other) % names.count]])
                let down = random(40 * width, -0.5...0.5), up = random(40 * width)
                let x = random(width), weights = random(count, 0...1).map { $0 / Float(count) }
                let chosen = (0..<count).map { _ in Int32.random(in: 0..<40, using: &generator) }
                var expected = random(width), got = expected
                oracle.experts(x, down, up, chosen, weights, count, &expected, width, act)
                table.experts(x, down, up, chosen, weights, count, &got, width, act)
                #expect(difference(expected, got) < 2e-5, "\(count) of width \(width)")
            }
        }
    }
}
