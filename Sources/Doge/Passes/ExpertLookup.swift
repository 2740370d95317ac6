import CDogeKernels

/// The lookup of experts, shared by the ranks of a crew: each looks up and sums those that it owns.
struct ExpertLookup {
    let kernels: UnsafePointer<ck_kernels>
    /// What each owner adds to the tokens; of several ranks only.
    let sums: UnsafeMutablePointer<Float>  // (owners, tokens, stride)
    let touched: UnsafeMutablePointer<UInt8>  // (owners, tokens)

    /// Ranks that own experts: a power of two, so that each has a whole branch of the tree by which
    /// sums are joined.
    static func owners(ranks: Int) -> Int {
        var owners = 1
        while 2 * owners <= min(ranks, Int(CK_PARTITIONS)) { owners *= 2 }
        return owners
    }

    /// The experts of an owner, by their numbers.
    static func share(of experts: Int, owner: Int, owners: Int) -> Range<Int> {
        func first(_ owner: Int) -> Int {
            ck_first_expert(ck_first_partition(owner, owners), experts)
        }
        return first(owner)..<first(owner + 1)
    }

    /// Adds to rows of `out` what their experts give; every rank calls it with the same lookup, but
    /// for scratch of its own.
    ///
    /// Rows of `out` are read once all ranks are here, and all are written when it returns.
    func add(
        _ lookup: ck_lookup,
        to out: UnsafeMutablePointer<Float>,
        stride: Int,
        _ rank: Rank
    ) {
        let owners = Self.owners(ranks: rank.count)
        var lookup = lookup
        let count = lookup.tokens
        if rank.number < owners {
            lookup.first = ck_first_partition(rank.number, owners)
            lookup.end = ck_first_partition(rank.number + 1, owners)
            kernels.pointee.weigh_experts(&lookup)
        }
        guard rank.count > 1 else {
            return kernels.pointee.sum_experts(&lookup, 0, count, out, stride, nil)
        }
        if rank.number < owners {
            let own = rank.number * count
            kernels.pointee.sum_experts(
                &lookup,
                0,
                count,
                sums + own * stride,
                stride,
                touched + own
            )
        }
        rank.barrier()
        let share = rank.share(of: count)
        kernels.pointee.merge_experts(
            &lookup,
            share.lowerBound,
            share.upperBound,
            sums,
            touched,
            owners,
            out,
            stride
        )
        rank.barrier()
    }
}
