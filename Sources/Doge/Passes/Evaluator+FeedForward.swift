import CDogeKernels

extension Evaluator {
    /// x = residual * x + feed-forward(norm x) for the rows that go through the layer.
    func feed(_ layer: Layer, _ rank: Rank) {
        let c = configuration
        let rows = positions.count
        norm(layer.feedNorm, forExperts: layer.experts != nil, rank)
        rank.barrier()
        mark(.norms, rank)
        let isInt8 = scratch.innerWords.format == CK_INT8
        multiplyGated(
            layer.feedIn,
            scratch.normed,
            into: isInt8 ? scratch.innerFloats : scratch.innerWords,
            activation: layer.activation,
            rows: rows,
            rank
        )
        rank.barrier()
        mark(.gates, rank)
        if let experts = c.experts, let router = layer.experts?.router {
            multiply(router, scratch.fine, into: scratch.router, rows: rows, rank)
            rank.barrier()
            chooseExperts(experts, rank)
            mark(.experts, rank)
        }
        if isInt8 {
            convert(scratch.inner, to: scratch.innerWords, width: c.intermediateSize, rank)
        }
        if isInt8 || c.experts != nil { rank.barrier() }
        addProduct(
            layer.feedOut,
            scratch.innerWords,
            to: scratch.hidden,
            residual: layer.feedResidual,
            rows: rows,
            rank
        )
        guard let experts = c.experts, let tables = layer.experts else {
            rank.barrier()
            return mark(.down, rank)
        }
        mark(.down, rank)
        consult(experts, tables, rank)
        mark(.experts, rank)
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
}
