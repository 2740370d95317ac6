import CDogeKernels
import Platform

/// How fast the experts of one layer are looked up, apart from all else.
package final class LookupRate: @unchecked Sendable {  // filled once; ranks write what is theirs
    /// Sizes of a layer's experts and of a pass.
    package struct Shape: Sendable {
        package let experts: Int
        package let width: Int
        package let perToken: Int
        package let tokens: Int

        /// All at least 1, at most `CK_EXPERTS_MAX` experts a token, and no more than there are.
        package init(experts: Int, width: Int, perToken: Int, tokens: Int) {
            self.experts = experts
            self.width = width
            self.perToken = perToken
            self.tokens = tokens
        }
    }

    private let shape: Shape
    private let kernels: UnsafePointer<ck_kernels>
    private let down: ExpertRows
    private let up: ExpertRows
    private let x: OwnedFloats  // (tokens, stride)
    private let out: OwnedFloats  // (tokens, stride)
    private let weights: OwnedFloats  // (tokens, perToken)
    private let factors: OwnedFloats  // (tokens, perToken)
    private let chosen: OwnedFloats  // (tokens, perToken): as whole numbers
    private let rows: OwnedFloats  // (tokens): as whole numbers

    /// Draws tables and tokens; needs as much memory as they take, twice for a while.
    package init(
        _ shape: Shape,
        _ type: DataType,
        kernels: InstructionSet? = nil
    ) throws(ModelError) {
        let stride = ck_stride(CK_F32, shape.width)
        let pairs = shape.tokens * shape.perToken
        var draw = Draw(state: 3)
        func table() throws(ModelError) -> ExpertRows? {
            let count = shape.experts * shape.width
            guard let numbers = FloatTensor(count: count, number: { _ in draw.share() - 0.5 })
            else { return nil }
            return try ExpertRows(numbers, format: type.fineFormat)
        }
        guard let down = try table(), let up = try table(),
            let x = OwnedFloats(count: shape.tokens * stride),
            let out = OwnedFloats(count: shape.tokens * stride),
            let weights = OwnedFloats(count: pairs), let factors = OwnedFloats(count: pairs),
            let chosen = OwnedFloats(count: pairs), let rows = OwnedFloats(count: shape.tokens)
        else {
            throw .outOfMemory(
                what: "tables of experts",
                byteCount: 8 * shape.experts * shape.width
            )
        }
        for index in 0..<shape.tokens * stride { x.floats[index] = draw.share() - 0.5 }
        for token in 0..<shape.tokens {
            Self.integers(rows)[token] = Int32(token)
            var experts = Set<Int32>()
            while experts.count < shape.perToken {
                experts.insert(Int32(draw.next() % UInt64(shape.experts)))
            }
            for (slot, expert) in experts.sorted().enumerated() {
                Self.integers(chosen)[token * shape.perToken + slot] = expert
                weights.floats[token * shape.perToken + slot] = 1 / Float(shape.perToken)
            }
        }
        self.shape = shape
        self.kernels = try InstructionSet.kernels(kernels)
        (self.down, self.up, self.x, self.out) = (down, up, x, out)
        (self.weights, self.factors, self.chosen, self.rows) = (weights, factors, chosen, rows)
    }

    private static func integers(_ words: OwnedFloats) -> UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(words.floats).assumingMemoryBound(to: Int32.self)
    }

    /// Tokens per second of `ranks` threads, the median of runs of about `seconds` in all.
    package func tokensPerSecond(ranks: Int, seconds: Double) throws(ModelError) -> Double {
        let crew = try Crew(count: ranks)
        let stride = ck_stride(CK_F32, shape.width)
        let orderCount = (shape.tokens * shape.perToken + shape.experts + 1 + 15) / 16 * 16
        guard let sums = OwnedFloats(count: ranks * shape.tokens * stride),
            let touched = OwnedFloats(count: ranks * shape.tokens),
            let order = OwnedFloats(count: ranks * orderCount)
        else { throw .outOfMemory(what: "sums of experts", byteCount: 4 * ranks * orderCount) }
        let work = Work(
            rate: self,
            lookup: ExpertLookup(
                kernels: kernels,
                sums: sums.floats,
                touched: UnsafeMutableRawPointer(touched.floats)
                    .assumingMemoryBound(to: UInt8.self)
            ),
            order: Self.integers(order),
            orderCount: orderCount
        )
        let time = MedianTime.seconds(for: seconds) { crew.run(work) }
        withExtendedLifetime((sums, touched, order)) {}
        return Double(shape.tokens) / time
    }

    private func call(order: UnsafeMutablePointer<Int32>) -> ck_lookup {
        ck_lookup(
            down: down.table,
            up: up.table,
            experts: shape.experts,
            width: shape.width,
            activation: ck_activation(CK_SILU),
            rows: Self.integers(rows),
            tokens: shape.tokens,
            per_token: shape.perToken,
            chosen: Self.integers(chosen),
            weights: weights.floats,
            x: x.floats,
            x_stride: ck_stride(CK_F32, shape.width),
            first: 0,
            end: Int(CK_PARTITIONS),
            factors: factors.floats,
            order: order
        )
    }

    /// What each rank runs.
    private final class Work: RankWork, @unchecked Sendable {  // ranks write what is theirs
        private let rate: LookupRate
        private let lookup: ExpertLookup
        private let order: UnsafeMutablePointer<Int32>  // (ranks, orderCount)
        private let orderCount: Int

        init(
            rate: LookupRate,
            lookup: ExpertLookup,
            order: UnsafeMutablePointer<Int32>,
            orderCount: Int
        ) {
            self.rate = rate
            self.lookup = lookup
            self.order = order
            self.orderCount = orderCount
        }

        func run(_ rank: Rank) {
            let stride = ck_stride(CK_F32, rate.shape.width)
            let call = rate.call(order: order + rank.number * orderCount)
            lookup.add(call, to: rate.out.floats, stride: stride, rank)
        }
    }
}
