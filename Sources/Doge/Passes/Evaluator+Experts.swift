import CDogeKernels

/// The tokens of a layer that consult experts, and the halves of router rows that each reads.
struct ConsultedTokens {
    /// Row of each among those that go through the layer.
    private(set) var rows: [Int32] = []
    /// Two for each: number of its half among the router's rows of two halves.
    private(set) var halves: [Int32] = []

    mutating func reserve(_ tokens: Int) {
        rows.reserveCapacity(tokens)
        halves.reserveCapacity(2 * tokens)
    }

    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        halves.removeAll(keepingCapacity: true)
    }

    mutating func append(row: Int, x: Int, y: Int) {
        rows.append(Int32(row))
        halves.append(Int32(x))
        halves.append(Int32(y))
    }
}

/// The lookup of experts, tensor-parallel: each rank owns the rows of some of them.
extension Evaluator {
    /// Lists the tokens that are asked for in the rows at hand, and whose halves they read.
    func listConsulted() {
        guard let experts = configuration.experts else { return }
        consulted.removeAll()
        for span in spans {
            let positions = span.rowCount == span.count ? 0..<span.count : span.wanted
            for position in positions {
                // The halves are rows of K numbers; see "the layout trap" of the model's
                // description.
                let (x, y) =
                    switch experts.layout {
                    case .transformers: (position, span.count + position)
                    case .perToken: (2 * position, 2 * position + 1)
                    }
                consulted.append(
                    row: row(of: position, in: span),
                    x: 2 * row(of: x / 2, in: span) + x % 2,
                    y: 2 * row(of: y / 2, in: span) + y % 2
                )
            }
        }
    }

    /// Chooses the experts of this rank's share of the tokens.
    func chooseExperts(_ experts: ExpertConfiguration, _ rank: Rank) {
        let keys = experts.keys
        let stride = ck_stride(CK_F32, 2 * keys)
        func half(_ number: Int32) -> UnsafePointer<Float> {
            let number = Int(number)
            return UnsafePointer(scratch.router + number / 2 * stride + number % 2 * keys)
        }
        for token in rank.share(of: consulted.rows.count) {
            kernels.pointee.choose_experts(
                half(consulted.halves[2 * token]),
                half(consulted.halves[2 * token + 1]),
                keys,
                experts.perToken,
                scratch.lookup.chosen + token * experts.perToken,
                scratch.lookup.weights + token * experts.perToken
            )
        }
    }

    /// Adds their experts to the tokens of the residual stream.
    ///
    /// A rank sums what the experts that it owns add to every token, and the sums are then joined
    /// in an order that does not depend on who owns what.
    func consult(_ experts: ExpertConfiguration, _ tables: ExpertTables, _ rank: Rank) {
        consulted.rows.withUnsafeBufferPointer { rows in
            guard let first = rows.baseAddress else { return rank.barrier() }
            let owners = LookupScratch.owners(ranks: rank.crew.count)
            let isOwner = rank.number < owners
            let owner = min(rank.number, owners - 1)
            var lookup = ck_lookup(
                down: tables.down.table,
                up: tables.up.table,
                experts: experts.count,
                width: configuration.hiddenSize,
                activation: tables.activation,
                rows: first,
                tokens: rows.count,
                per_token: experts.perToken,
                chosen: scratch.lookup.chosen,
                weights: scratch.lookup.weights,
                x: UnsafeMutableRawPointer(scratch.finest.words)
                    .assumingMemoryBound(to: Float.self),
                x_stride: hiddenStride,
                first: ck_first_partition(owner, owners),
                end: ck_first_partition(owner + 1, owners),
                factors: scratch.lookup.factors,
                order: scratch.lookup.order(rank)
            )
            if isOwner { kernels.pointee.weigh_experts(&lookup) }
            guard rank.crew.count > 1 else {
                kernels.pointee.sum_experts(
                    &lookup,
                    0,
                    rows.count,
                    scratch.hidden,
                    hiddenStride,
                    nil
                )
                return
            }
            sumShared(&lookup, isOwner: isOwner, owners: owners, rank)
        }
    }

    /// The sums of several owners, joined once all are there.
    private func sumShared(
        _ lookup: inout ck_lookup,
        isOwner: Bool,
        owners: Int,
        _ rank: Rank
    ) {
        let (sums, touched, count) = (scratch.lookup.sums, scratch.lookup.touched, lookup.tokens)
        if isOwner {
            kernels.pointee.sum_experts(
                &lookup,
                0,
                count,
                sums + rank.number * count * hiddenStride,
                hiddenStride,
                touched + rank.number * count
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
            scratch.hidden,
            hiddenStride
        )
        rank.barrier()
    }
}
