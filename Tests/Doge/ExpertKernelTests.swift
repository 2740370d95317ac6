import CDogeKernels
import Glibc
import TestSupport
import Testing

@testable import Doge

/// The lookup of experts, against sums in double precision, and against itself when it is shared.
@Suite("Lookup of experts") struct ExpertKernelTests {
    /// Tokens that consult experts, all drawn.
    struct Case {
        let experts: Int, width: Int, perToken: Int, tokens: Int
        let down: [Float], up: [Float], x: [Float]
        let chosen: [Int32], weights: [Float]
        let activation: ck_activation

        init(experts: Int, width: Int, perToken: Int, tokens: Int) {
            var generator = SplitMix(state: UInt64(experts + 7 * width + 31 * tokens))
            func random(_ count: Int) -> [Float] {
                (0..<count).map { _ in .random(in: -1...1, using: &generator) }
            }
            self.experts = experts
            self.width = width
            self.perToken = perToken
            self.tokens = tokens
            down = random(experts * width)
            up = random(experts * width)
            x = random(tokens * width)
            weights = random(tokens * perToken).map(abs)
            chosen = (0..<tokens).flatMap { _ in
                (0..<Int32(experts)).shuffled(using: &generator).prefix(perToken).sorted()
            }
            activation = ck_activation([CK_SILU, CK_GELU, CK_TANH][tokens % 3])
        }

        /// What the experts add to rows of ones, shared by so many owners.
        func run(_ table: ck_kernels, _ format: ck_format, owners: Int) throws -> [Float] {
            let rows = (0..<Int32(tokens)).map { Int32(tokens) - 1 - $0 }
            let stride = ck_stride(CK_F32, width)
            let down = try ExpertRows(FloatTensor(down), format: format)
            let up = try ExpertRows(FloatTensor(up), format: format)
            let (order, places) = (
                [Int32](repeating: -1, count: tokens * perToken + experts + 1), Held(rows)
            )
            let (x, chosen, weights) = (
                Held(OperandRows.padded(x, width)), Held(chosen), Held(weights)
            )
            let factors = Held([Float](repeating: .nan, count: tokens * perToken))
            let scratch = Held(order)
            let out = Held([Float](repeating: 1, count: tokens * stride))
            let sums = Held([Float](repeating: .nan, count: owners * tokens * stride))
            let touched = Held([UInt8](repeating: 9, count: owners * tokens))
            for owner in 0..<owners {
                var lookup = ck_lookup(
                    down: down.table,
                    up: up.table,
                    experts: experts,
                    width: width,
                    activation: activation,
                    rows: places.base,
                    tokens: tokens,
                    per_token: perToken,
                    chosen: chosen.base,
                    weights: weights.base,
                    x: x.base,
                    x_stride: stride,
                    first: ck_first_partition(owner, owners),
                    end: ck_first_partition(owner + 1, owners),
                    factors: factors.base,
                    order: scratch.base
                )
                table.weigh_experts(&lookup)
                if owners == 1 {
                    table.sum_experts(&lookup, 0, tokens, out.base, stride, nil)
                    continue
                }
                let first = owner * tokens
                table.sum_experts(
                    &lookup,
                    0,
                    tokens,
                    sums.base + first * stride,
                    stride,
                    touched.base + first
                )
                guard owner == owners - 1 else { continue }
                join(lookup, table, sums.base, touched.base, owners, out.base)
            }
            return withExtendedLifetime((down, up, x, chosen, weights, factors, scratch, places)) {
                let numbers = out.numbers
                return (0..<tokens).flatMap { token in
                    let row = Int(rows[token]) * stride
                    return numbers[row..<row + width]
                }
            }
        }

        /// Adds what the owners have summed, the tokens in two parts.
        private func join(
            _ lookup: ck_lookup,
            _ table: ck_kernels,
            _ sums: UnsafePointer<Float>,
            _ touched: UnsafePointer<UInt8>,
            _ owners: Int,
            _ out: UnsafeMutablePointer<Float>
        ) {
            var lookup = lookup
            for part in [0..<tokens / 2, tokens / 2..<tokens] {
                table.merge_experts(
                    &lookup,
                    part.lowerBound,
                    part.upperBound,
                    sums,
                    touched,
                    owners,
                    out,
                    ck_stride(CK_F32, width)
                )
            }
        }

        /// The lookup's own x: the token's row is the last but so many.
        func expected(_ token: Int, _ narrow: (Float) -> Float) -> [Double] {
            let row = tokens - 1 - token
            let x = x[row * width..<(row + 1) * width]
            var out = [Double](repeating: 1, count: width)
            for slot in token * perToken..<(token + 1) * perToken {
                let start = Int(chosen[slot]) * width
                let inner = zip(down[start..<start + width], x).reduce(0.0) {
                    $0 + Double(narrow($1.0)) * Double($1.1)
                }
                let factor = Double(ck_activate(Float(inner), activation)) * Double(weights[slot])
                for i in 0..<width { out[i] += factor * Double(narrow(up[start + i])) }
            }
            return out
        }
    }

    static let cases = [
        Case(experts: 1, width: 5, perToken: 1, tokens: 3),
        Case(experts: 10, width: 8, perToken: 3, tokens: 2),
        Case(experts: 16, width: 64, perToken: 16, tokens: 5),
        Case(experts: 40, width: 65, perToken: 2, tokens: 40),
        Case(experts: 1_000, width: 100, perToken: 8, tokens: 7),
        Case(experts: 300, width: 130, perToken: 33, tokens: 20),
        Case(experts: 300, width: 16, perToken: 256, tokens: 4),
    ]

    @Test(
        "a token gets what its experts say, by their weights",
        arguments: instructionSets,
        [CK_F32, CK_BF16]
    )
    func values(isa: ck_isa, format: ck_format) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        for c in Self.cases {
            let got = try c.run(table, format, owners: 1)
            var worst = 0.0
            for token in 0..<c.tokens {
                let expected = c.expected(token) {
                    format == CK_F32 ? $0 : ProductTests.narrowed($0)
                }
                for (i, value) in expected.enumerated() {
                    let difference = abs(value - Double(got[token * c.width + i]))
                    worst = max(worst, difference / max(1, abs(value)))
                }
            }
            #expect(worst < 2e-5, "\(c.experts) experts of \(c.width): \(worst)")
        }
    }

    @Test(
        "whoever owns the experts, the bits are the same",
        arguments: instructionSets,
        [CK_F32, CK_BF16]
    )
    func owners(isa: ck_isa, format: ck_format) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        for c in Self.cases {
            let alone = try c.run(table, format, owners: 1).map(\.bitPattern)
            for owners in [2, 4, 8, 16] {
                let shared = try c.run(table, format, owners: owners).map(\.bitPattern)
                #expect(shared == alone, "\(c.experts) experts, \(owners) owners")
            }
        }
    }

    @Test("the choice is that of product keys, in ascending order", arguments: instructionSets)
    func choice(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        var generator = SplitMix(state: 3)
        for keys in [1, 2, 5, 16, 17, 32, 33, 128, 300] {
            for count in [1, 2, 7, 8, 31, 32, 33, 64] where count <= keys * keys {
                for levels in [2, 5, 1_000_000] {
                    let (x, y) = (
                        (0..<keys).map { _ in
                            Float(Int.random(in: 0..<levels, using: &generator)) / 1_048_576
                        },
                        (0..<keys).map { _ in
                            Float(Int.random(in: 0..<levels, using: &generator)) / 1_048_576
                        }
                    )
                    var best = [Int32](repeating: -1, count: count), chosen = best
                    var shares = [Float](repeating: -1, count: count), weights = shares
                    ck_product_keys(x, y, keys, count, &best, &shares)
                    table.choose_experts(x, y, keys, count, &chosen, &weights)
                    #expect(chosen == best.sorted(), "\(count) of \(keys), \(levels) levels")
                    for (expert, weight) in zip(chosen, weights) {
                        let share = best.firstIndex(of: expert).map { shares[$0] } ?? -1
                        #expect(abs(share - weight) < 1e-6)
                    }
                }
            }
        }
    }

    @Test("scores that are no numbers still choose experts that exist", arguments: instructionSets)
    func notFinite(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        for bad in [Float.nan, .infinity, -.infinity] {
            for places in [[0], [3, 4], Array(0..<8)] {
                var x = (0..<8).map { Float($0) }
                for place in places { x[place] = bad }
                var chosen = [Int32](repeating: -1, count: 5)
                var weights = [Float](repeating: -1, count: 5)
                table.choose_experts(x, x, 8, 5, &chosen, &weights)
                #expect(chosen.allSatisfy { (0..<64).contains($0) })
            }
        }
    }
}
