import CDogeKernels

extension Evaluator {
    /// x = residual * x + attention(norm x), for all rows, or in the last layer those still needed.
    func attend(_ layer: Layer, number: Int) throws(PassFailure) {
        let c = configuration
        let kernels = self.kernels.pointee
        let tokens = positions.count
        kernels.norm(
            scratch.hidden,
            layer.attentionNorm.floats,
            scratch.normed,
            tokens,
            c.hiddenSize,
            c.epsilon
        )
        try multiplier.multiply(layer.keyValue, scratch.normed, scratch.keyValue, rows: tokens)
        prepareKeys(layer)
        storeKeys(number)
        if number == model.layers.count - 1 { keepNeededRows() }
        try multiplier.multiply(
            layer.query,
            scratch.normed,
            scratch.query,
            rows: positions.count
        )
        prepareQueries(layer)
        for span in spans {
            if span.isStep { step(span, number) } else { attend(span) }
        }
        try multiplier.multiply(
            layer.output,
            scratch.context,
            scratch.branch,
            rows: positions.count
        )
        kernels.residual(
            scratch.hidden,
            scratch.branch,
            layer.attentionResidual.floats,
            positions.count,
            c.hiddenSize
        )
    }

    /// Turns the keys and works out dt from the values, token by token.
    private func prepareKeys(_ layer: Layer) {
        let c = configuration
        let kernels = self.kernels.pointee
        for token in positions.indices {
            let angles = scratch.angles + token * c.headDimension
            let keys = scratch.keyValue + token * 2 * c.keyWidth
            kernels.rotate_heads(
                keys,
                c.keyHeads,
                c.headDimension,
                layer.keyNorm.floats,
                c.epsilon,
                angles,
                angles + c.headDimension / 2,
                1
            )
            let z = scratch.maskInput
            kernels.matvec(
                layer.maskProjection.floats,
                keys + c.keyWidth,
                z,
                c.keyHeads,
                c.keyWidth
            )
            if let bias = layer.maskBias {
                for head in 0..<c.keyHeads { z[head] += bias.floats[head] }
            }
            ck_dynamic_mask(z, layer.mask.floats, scratch.dt + token * c.keyHeads, c.keyHeads)
        }
    }

    private func prepareQueries(_ layer: Layer) {
        let c = configuration
        let kernels = self.kernels.pointee
        let scale = 1 / Float(c.headDimension).squareRoot()
        for span in spans {
            for row in span.rowStart..<span.rowStart + span.rowCount {
                let token = span.start + Int(positions[row])
                let angles = scratch.angles + token * c.headDimension
                kernels.rotate_heads(
                    scratch.query + row * c.queryWidth,
                    c.queryHeads,
                    c.headDimension,
                    layer.queryNorm.floats,
                    c.epsilon,
                    angles,
                    angles + c.headDimension / 2,
                    scale
                )
            }
        }
    }

    /// Attention of one sequence, one key and value head after the other.
    private func attend(_ span: Span) {
        let c = configuration
        let keyStride = 2 * c.keyWidth
        let dimension = c.headDimension
        positions.withUnsafeBufferPointer { positions in
            guard let first = positions.baseAddress else { return }
            for head in 0..<c.keyHeads {
                let keys = scratch.keyValue + span.start * keyStride + head * dimension
                let offset = span.rowStart * c.queryWidth + head * c.group * dimension
                var sequence = ck_sequence(
                    queries: scratch.query + offset,
                    positions: first + span.rowStart,
                    keys: keys,
                    values: keys + c.keyWidth,
                    dt: scratch.dt + span.start * c.keyHeads + head,
                    outputs: scratch.context + offset,
                    query_stride: c.queryWidth,
                    key_stride: keyStride,
                    dt_stride: c.keyHeads,
                    output_stride: c.queryWidth,
                    query_count: span.rowCount,
                    key_count: span.count,
                    head_dim: dimension,
                    group: c.group,
                    window: c.keepWindow,
                    sliding: c.slidingWindow ?? 0
                )
                ck_attend_sequence(kernels, &sequence, scratch.attention)
            }
        }
    }

    /// Keeps the keys, values and dt of the segments that go on.
    private func storeKeys(_ number: Int) {
        let c = configuration
        let stride = 2 * c.keyWidth
        for span in spans {
            guard let cache = span.cache else { continue }
            for head in 0..<c.keyHeads {
                let keys = scratch.keyValue + span.start * stride + head * c.headDimension
                let rows = CachedSequence.Rows(
                    keys: keys,
                    values: keys + c.keyWidth,
                    stride: stride,
                    dt: scratch.dt + span.start * c.keyHeads + head,
                    dtStride: c.keyHeads
                )
                let section = number * c.keyHeads + head
                if span.isStep {
                    cache.append(rows, section: section)
                } else {
                    cache.store(rows, count: span.count, section: section)
                }
            }
        }
    }

    /// Attention of one token whose past lies in the cache.
    private func step(_ span: Span, _ number: Int) {
        let c = configuration
        for head in 0..<c.keyHeads {
            let offset = span.rowStart * c.queryWidth + head * c.group * c.headDimension
            span.cache?.attend(
                section: number * c.keyHeads + head,
                group: c.group,
                queries: scratch.query + offset,
                outputs: scratch.context + offset,
                kernels: kernels,
                scratch: cacheScratch.floats
            )
        }
    }

    /// Moves the rows that the wanted positions still depend on to the front of the batch.
    ///
    /// After the last layer's keys and values these are the wanted rows themselves, and the rows
    /// whose router outputs they read.
    private func keepNeededRows() {
        let width = configuration.hiddenSize
        var kept = 0
        for index in spans.indices {
            let span = spans[index]
            spans[index].rowStart = kept
            for position in neededPositions(span) {
                let from = (span.start + position) * width
                if kept * width != from {  // kept rows never overtake the rows they come from
                    (scratch.hidden + kept * width).update(
                        from: scratch.hidden + from,
                        count: width
                    )
                    (scratch.normed + kept * width).update(
                        from: scratch.normed + from,
                        count: width
                    )
                }
                positions[kept] = Int32(position)
                kept += 1
            }
            spans[index].rowCount = kept - spans[index].rowStart
        }
        positions.removeLast(positions.count - kept)
    }

    /// Ascending, each once.
    private func neededPositions(_ span: Span) -> [Int] {
        guard let experts = configuration.experts, experts.layout == .transformers,
            span.wanted.count < span.count
        else { return Array(span.wanted) }
        var needed = Set(span.wanted)
        for position in span.wanted {
            needed.insert(position / 2)
            needed.insert((span.count + position) / 2)
        }
        return needed.sorted()
    }
}
