import CDogeKernels
import Glibc
import TestSupport
import Testing

@Suite("Choice of experts, dynamic mask and widening") struct RoutingTests {
    @Test("the best pairs are those of all sums, ties in order", arguments: [1, 2, 5, 16, 33])
    func productKeys(keys: Int) {
        var generator = SplitMix(state: UInt64(keys))
        for levels in [2, 5, 1_000_000] {
            for count in [1, 2, 7, 8, 64, 256] where count <= keys * keys {
                func half() -> [Float] {
                    (0..<keys).map { _ in
                        Float(Int.random(in: 0..<levels, using: &generator)) / 1_048_576
                    }
                }
                let (x, y) = (half(), half())
                let sums = (0..<keys * keys).map { x[$0 / keys] + y[$0 % keys] }
                let best = sums.indices.sorted { (-sums[$0], $0) < (-sums[$1], $1) }.prefix(count)
                var chosen = [Int32](repeating: -1, count: count)
                var weights = [Float](repeating: -1, count: count)
                ck_product_keys(x, y, keys, count, &chosen, &weights)
                #expect(chosen == best.map { Int32($0) }, "\(count) of \(keys), \(levels) levels")
                let powers = best.map { exp(Double(sums[$0])) }
                let total = powers.reduce(0, +)
                let apart = zip(powers, weights).map { abs($0 / total - Double($1)) }.max() ?? 1
                #expect(apart < 1e-6)
            }
        }
    }

    @Test("dt is exp(A softplus z), where softplus is z above 20", arguments: instructionSets)
    func dynamicMask(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        let z: [Float] = [-100, -3, 0, 1.5, 19.9, 20.1, 50]
        for A: Float in [-0.5, 0, 0.1] {
            var dt = z
            table.dynamic_mask(&dt, nil, [A], z.count, 1)
            for (z, dt) in zip(z, dt) {
                let softplus = z > 20 ? Double(z) : log(1 + exp(Double(z)))
                #expect(abs(Double(dt) / exp(Double(A) * softplus) - 1) < 5e-6)
            }
        }
    }

    @Test("every half-precision number widens to itself")
    func widening() {
        let all = (0...UInt16.max).map { $0 }
        var wide = [Float](repeating: -1, count: all.count)
        ck_widen_f16(all, &wide, all.count)
        for (bits, value) in zip(all, wide) {
            let sign: Double = bits & 0x8000 == 0 ? 1 : -1
            let exponent = Int32(bits >> 10 & 31), fraction = Double(bits & 1_023)
            if exponent == 31 {
                #expect(fraction == 0 ? value.isInfinite : value.isNaN)
                continue
            }
            let size = exponent == 0 ? fraction : fraction + 1_024
            #expect(Double(value) == sign * ldexp(size, max(exponent, 1) - 25))
        }
        ck_widen_bf16(all, &wide, all.count)
        #expect(zip(all, wide).allSatisfy { $0 == UInt16($1.bitPattern >> 16) })
    }

    @Test("the first infinity or NaN is found wherever it stands")
    func notFinite() {
        for count in [1, 2, 1_023, 1_024, 1_025, 3_000] {
            var x = [Float](repeating: .greatestFiniteMagnitude, count: count)
            #expect(ck_first_not_finite(x, count) == count)
            for index in [0, count / 2, count - 1] {
                for bad: Float in [.infinity, -.infinity, .nan] {
                    x[index] = bad
                    #expect(ck_first_not_finite(x, count) == index)
                    x[index] = 0
                }
            }
        }
    }
}
