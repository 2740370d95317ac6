import CDogeKernels

/// Where the lookup of experts keeps what it is about; part of a replica's scratch.
struct LookupScratch {
    let chosen: UnsafeMutablePointer<Int32>  // (rows, experts per token)
    let weights: UnsafeMutablePointer<Float>  // (rows, experts per token)
    let factors: UnsafeMutablePointer<Float>  // (rows, experts per token)
    /// Scratch of each rank, `orderCount` apart.
    private let order: UnsafeMutablePointer<Int32>
    private let orderCount: Int
    /// What each owner of partitions adds to the tokens; of several ranks only.
    let sums: UnsafeMutablePointer<Float>  // (owners, rows, hidden)
    let touched: UnsafeMutablePointer<UInt8>  // (owners, rows)

    /// A rank's own scratch for the order of its pairs.
    func order(_ rank: Rank) -> UnsafeMutablePointer<Int32> { order + rank.number * orderCount }

    /// Where the parts begin.
    struct Plan {
        private let places: [Int]
        private let orderCount: Int

        init(_ c: DogeConfiguration, rows: Int, ranks: Int, in plan: inout ScratchPlan) {
            let pairs = rows * (c.experts?.perToken ?? 0)
            // Each rank's part begins on a cache line of its own.
            orderCount = rows == 0 ? 0 : (pairs + (c.experts?.count ?? 0) + 1 + 15) / 16 * 16
            let owners = ranks > 1 ? ExpertLookup.owners(ranks: ranks) : 0
            let counts = [
                pairs, pairs, pairs, ranks * orderCount,
                owners * rows * ck_stride(CK_F32, c.hiddenSize), owners * rows,
            ]
            places = counts.map { plan.take($0) }
        }

        func at(_ base: UnsafeMutablePointer<Float>) -> LookupScratch {
            func integers(_ place: Int) -> UnsafeMutablePointer<Int32> {
                UnsafeMutableRawPointer(base + place).assumingMemoryBound(to: Int32.self)
            }
            return LookupScratch(
                chosen: integers(places[0]),
                weights: base + places[1],
                factors: base + places[2],
                order: integers(places[3]),
                orderCount: orderCount,
                sums: base + places[4],
                touched: UnsafeMutableRawPointer(base + places[5])
                    .assumingMemoryBound(to: UInt8.self)
            )
        }
    }
}
