import CDogeKernels

extension Evaluator {
    /// x = residual * x + feed-forward(norm x) for the rows that go through the layer.
    func feed(_ layer: Layer) throws(PassFailure) {
        let c = configuration
        let kernels = self.kernels.pointee
        let rows = positions.count
        kernels.norm(
            scratch.hidden,
            layer.feedNorm.floats,
            scratch.normed,
            rows,
            c.hiddenSize,
            c.epsilon
        )
        try multiplier.multiply(layer.feedIn, scratch.normed, scratch.feedIn, rows: rows)
        kernels.gate(
            scratch.feedIn,
            layer.feedIn.plan.shape.outputs,
            scratch.feedInner,
            rows,
            c.intermediateSize,
            layer.activation
        )
        try multiplier.multiply(layer.feedOut, scratch.feedInner, scratch.branch, rows: rows)
        if let experts = c.experts, let tables = layer.experts {
            for span in spans {
                consult(experts, tables, span, rowWidth: layer.feedIn.plan.shape.outputs)
            }
        }
        kernels.residual(
            scratch.hidden,
            scratch.branch,
            layer.feedResidual.floats,
            rows,
            c.hiddenSize
        )
    }

    /// Adds the experts of each token of a sequence to the branch.
    private func consult(
        _ experts: ExpertConfiguration,
        _ tables: ExpertTables,
        _ span: Span,
        rowWidth: Int
    ) {
        let c = configuration
        let positions = span.rowCount == span.count ? 0..<span.count : span.wanted
        let router = scratch.feedIn + 2 * c.intermediateSize
        let keys = experts.keys
        for position in positions {
            // The halves are rows of K numbers; see "the layout trap" of the model's description.
            let (x, y) =
                switch experts.layout {
                case .transformers: (position, span.count + position)
                case .perToken: (2 * position, 2 * position + 1)
                }
            ck_product_keys(
                router + row(of: x / 2, in: span) * rowWidth + x % 2 * keys,
                router + row(of: y / 2, in: span) * rowWidth + y % 2 * keys,
                keys,
                experts.perToken,
                &chosen,
                scratch.weights
            )
            let offset = row(of: position, in: span) * c.hiddenSize
            kernels.pointee.experts(
                scratch.normed + offset,
                tables.down.floats,
                tables.up.floats,
                chosen,
                scratch.weights,
                experts.perToken,
                scratch.branch + offset,
                c.hiddenSize,
                tables.activation
            )
        }
    }
}
