import CDogeKernels

extension Evaluator {
    /// x = residual * x + feed-forward(norm x) for the rows that go through the layer.
    func feed(_ layer: Layer, _ rank: Rank) {
        let c = configuration
        let rows = positions.count
        norm(layer.feedNorm, forExperts: layer.experts != nil, rank)
        rank.barrier()
        let isInt8 = scratch.innerWords.format == CK_INT8
        var gated = scratch.innerWords
        if isInt8 {
            gated.format = CK_F32
            gated.words = UnsafeMutableRawPointer(scratch.inner)
                .assumingMemoryBound(to: UInt32.self)
            gated.stride = ck_stride(CK_F32, c.intermediateSize)
        }
        multiplyGated(
            layer.feedIn,
            scratch.normed,
            into: gated,
            activation: layer.activation,
            rows: rows,
            rank
        )
        if let router = layer.experts?.router {
            multiply(router, scratch.fine, into: scratch.router, rows: rows, rank)
        }
        rank.barrier()
        if isInt8 {
            convert(scratch.inner, to: scratch.innerWords, width: c.intermediateSize, rank)
            rank.barrier()
        }
        addProduct(
            layer.feedOut,
            scratch.innerWords,
            to: scratch.hidden,
            residual: layer.feedResidual,
            rows: rows,
            rank
        )
        rank.barrier()
        if let experts = c.experts, let tables = layer.experts {
            for span in spans { consult(experts, tables, span, rank) }
            rank.barrier()
        }
    }

    /// The norm of this rank's rows, as the products of the layer read it.
    private func norm(_ weight: FloatTensor, forExperts: Bool, _ rank: Rank) {
        let c = configuration
        guard forExperts else { return norm(weight, into: scratch.normed, rank) }
        norm(weight, into: scratch.finest, rank)
        let normed = UnsafeMutableRawPointer(scratch.finest.words)
            .assumingMemoryBound(to: Float.self)
        convert(normed, to: scratch.normed, width: c.hiddenSize, rank)
        convert(normed, to: scratch.fine, width: c.hiddenSize, rank)
    }

    /// The norm of this rank's rows of the residual stream.
    func norm(_ weight: FloatTensor, into out: ck_operand, _ rank: Rank) {
        let rows = rank.share(of: positions.count)
        kernels.pointee.norm(
            scratch.hidden + rows.lowerBound * hiddenStride,
            hiddenStride,
            weight.floats,
            configuration.hiddenSize,
            configuration.epsilon,
            rows.count,
            Self.rows(out, from: rows.lowerBound)
        )
    }

    /// This rank's rows in another format; nothing where they are there already.
    func convert(
        _ floats: UnsafeMutablePointer<Float>,
        to out: ck_operand,
        width: Int,
        rows count: Int? = nil,
        _ rank: Rank
    ) {
        guard UnsafeRawPointer(floats) != UnsafeRawPointer(out.words) else { return }
        let rows = rank.share(of: count ?? positions.count)
        let stride = ck_stride(CK_F32, width)
        kernels.pointee.convert(
            floats + rows.lowerBound * stride,
            stride,
            width,
            rows.count,
            Self.rows(out, from: rows.lowerBound)
        )
    }

    /// Adds the experts of this rank's tokens of a sequence to the residual stream.
    private func consult(
        _ experts: ExpertConfiguration,
        _ tables: ExpertTables,
        _ span: Span,
        _ rank: Rank
    ) {
        let c = configuration
        let positions = span.rowCount == span.count ? 0..<span.count : span.wanted
        let share = rank.share(of: positions.count)
        let keys = experts.keys
        let rowWidth = ck_stride(CK_F32, 2 * keys)
        let normed = UnsafeMutableRawPointer(scratch.finest.words)
            .assumingMemoryBound(to: Float.self)
        for position in share.map({ $0 + positions.lowerBound }) {
            // The halves are rows of K numbers; see "the layout trap" of the model's description.
            let (x, y) =
                switch experts.layout {
                case .transformers: (position, span.count + position)
                case .perToken: (2 * position, 2 * position + 1)
                }
            let row = row(of: position, in: span)
            let chosen = scratch.chosen + row * experts.perToken
            let weights = scratch.weights + row * experts.perToken
            ck_product_keys(
                scratch.router + self.row(of: x / 2, in: span) * rowWidth + x % 2 * keys,
                scratch.router + self.row(of: y / 2, in: span) * rowWidth + y % 2 * keys,
                keys,
                experts.perToken,
                chosen,
                weights
            )
            kernels.pointee.experts(
                normed + row * hiddenStride,
                tables.down.table,
                tables.up.table,
                chosen,
                weights,
                experts.perToken,
                scratch.hidden + row * hiddenStride,
                c.hiddenSize,
                tables.activation
            )
        }
    }
}
