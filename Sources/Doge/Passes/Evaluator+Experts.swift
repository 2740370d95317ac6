import CDogeKernels

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
    func consult(_ experts: ExpertConfiguration, _ tables: ExpertTables, _ rank: Rank) {
        consulted.rows.withUnsafeBufferPointer { rows in
            guard let first = rows.baseAddress else { return rank.barrier() }
            let scratch = self.scratch.lookup
            let lookup = ck_lookup(
                down: tables.down.table,
                up: tables.up.table,
                experts: experts.count,
                width: configuration.hiddenSize,
                activation: tables.activation,
                rows: first,
                tokens: rows.count,
                per_token: experts.perToken,
                chosen: scratch.chosen,
                weights: scratch.weights,
                x: UnsafeMutableRawPointer(self.scratch.finest.words)
                    .assumingMemoryBound(to: Float.self),
                x_stride: hiddenStride,
                first: 0,
                end: Int(CK_PARTITIONS),
                factors: scratch.factors,
                order: scratch.order(rank)
            )
            ExpertLookup(kernels: kernels, sums: scratch.sums, touched: scratch.touched)
                .add(lookup, to: self.scratch.hidden, stride: hiddenStride, rank)
        }
    }
}
