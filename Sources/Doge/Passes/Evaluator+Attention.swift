import CDogeKernels

extension Evaluator {
    /// x = residual * x + attention(norm x), for all rows, or in the last layer those still needed.
    func attend(_ layer: Layer, number: Int, _ rank: Rank) {
        let isLast = number == model.layers.count - 1
        let tokens = positions.count
        norm(layer.attentionNorm, into: scratch.normed, rank)
        rank.barrier()
        mark(.norms, rank)
        multiply(layer.keyValue, scratch.normed, into: scratch.keyValue, rows: tokens, rank)
        if !isLast {
            multiply(layer.query, scratch.normed, into: scratch.query, rows: tokens, rank)
        }
        rank.barrier()
        mark(.projections, rank)
        prepareKeys(layer, rank)
        if !isLast { prepareQueries(layer, rank) }
        rank.barrier()
        if hasCaches {  // not of `spans`: without caches the first rank may write them already
            storeKeys(number, rank)
            rank.barrier()
        }
        mark(.heads, rank)
        if isLast { projectNeeded(layer, rank) }
        attendSpans(number, rank)
        rank.barrier()
        if scratch.contextWords.format != CK_F32 {
            convert(
                scratch.context,
                to: scratch.contextWords,
                width: configuration.queryWidth,
                rank
            )
            rank.barrier()
        }
        mark(.attention, rank)
        addProduct(
            layer.output,
            scratch.contextWords,
            to: scratch.hidden,
            residual: layer.attentionResidual,
            rows: positions.count,
            rank
        )
        rank.barrier()
        mark(.output, rank)
    }

    /// The queries of the last layer, once all keys are there: of rows that are needed alone.
    private func projectNeeded(_ layer: Layer, _ rank: Rank) {
        if rank.isFirst { keepNeededRows() }
        rank.barrier()
        let rows = positions.count
        multiply(layer.query, scratch.normed, into: scratch.query, rows: rows, rank)
        rank.barrier()
        mark(.projections, rank)
        prepareQueries(layer, rank)
        rank.barrier()
        mark(.heads, rank)
    }

    /// Turns the keys of this rank's tokens and works out dt from their values.
    private func prepareKeys(_ layer: Layer, _ rank: Rank) {
        let c = configuration
        let kernels = self.kernels.pointee
        let tokens = rank.share(of: positions.count)
        for token in tokens {
            let angles = scratch.angles + token * c.headDimension
            let keys = scratch.keyValue + token * keyStride
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
            kernels.matvec(
                layer.maskProjection.floats,
                keys + c.keyWidth,
                scratch.dt + token * c.keyHeads,
                c.keyHeads,
                c.keyWidth
            )
        }
        kernels.dynamic_mask(
            scratch.dt + tokens.lowerBound * c.keyHeads,
            layer.maskBias?.floats,
            layer.mask.floats,
            tokens.count,
            c.keyHeads
        )
        convert(scratch.keyValue, to: scratch.keyValueWords, width: 2 * c.keyWidth, rank)
    }

    /// Turns the queries of this rank's rows.
    private func prepareQueries(_ layer: Layer, _ rank: Rank) {
        let c = configuration
        let kernels = self.kernels.pointee
        let scale = 1 / Float(c.headDimension).squareRoot()
        for row in rank.share(of: positions.count) {
            let angles = scratch.angles + Int(tokenOfRow[row]) * c.headDimension
            kernels.rotate_heads(
                scratch.query + row * queryStride,
                c.queryHeads,
                c.headDimension,
                layer.queryNorm.floats,
                c.epsilon,
                angles,
                angles + c.headDimension / 2,
                scale
            )
        }
        convert(scratch.query, to: scratch.queryWords, width: c.queryWidth, rank)
    }

    /// Floats from row to row of keys beside values, and of queries.
    private var keyStride: Int { ck_stride(CK_F32, 2 * configuration.keyWidth) }
    private var queryStride: Int { ck_stride(CK_F32, configuration.queryWidth) }

    /// Attention of the sequences, their key and value heads dealt out to the ranks.
    private func attendSpans(_ number: Int, _ rank: Rank) {
        let heads = configuration.keyHeads
        var item = rank.number
        while item < spans.count * heads {
            let span = spans[item / heads]
            if span.isStep {
                step(span, number, head: item % heads, rank)
            } else {
                attend(span, head: item % heads, rank)
            }
            item += rank.count
        }
    }

    /// Attention of one sequence by one key and value head.
    private func attend(_ span: Span, head: Int, _ rank: Rank) {
        let c = configuration
        let (words, queries) = (scratch.keyValueWords, scratch.queryWords)
        let headWords = ck_words(words.format, c.headDimension)
        let keys = words.words + span.start * words.stride + head * headWords
        let offset = span.rowStart * queryStride + head * c.group * c.headDimension
        positions.withUnsafeBufferPointer { positions in
            guard let first = positions.baseAddress else { return }
            var sequence = ck_sequence(
                format: words.format,
                queries: queries.words + span.rowStart * queries.stride
                    + head * c.group * headWords,
                positions: first + span.rowStart,
                keys: keys,
                values: keys + ck_words(words.format, c.keyWidth),
                dt: scratch.dt + span.start * c.keyHeads + head,
                outputs: scratch.context + offset,
                query_stride: queries.stride,
                key_stride: words.stride,
                query_head: headWords,
                dt_stride: c.keyHeads,
                output_stride: queryStride,
                query_count: span.rowCount,
                key_count: span.count,
                head_dim: c.headDimension,
                group: c.group,
                window: c.keepWindow,
                sliding: c.slidingWindow ?? 0
            )
            ck_attend_sequence(kernels, &sequence, attentionScratch(rank))
        }
    }

    /// Keeps the keys, values and dt of the segments that go on.
    ///
    /// A sequence's cache is one rank's at a time.
    private func storeKeys(_ number: Int, _ rank: Rank) {
        let c = configuration
        let words = scratch.keyValueWords
        let headWords = ck_words(words.format, c.headDimension)
        for index in rank.share(of: spans.count) {
            let span = spans[index]
            guard let cache = span.cache else { continue }
            for head in 0..<c.keyHeads {
                let keys = words.words + span.start * words.stride + head * headWords
                let rows = CachedSequence.Rows(
                    keys: keys,
                    values: keys + c.keyHeads * headWords,
                    stride: words.stride,
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
    private func step(_ span: Span, _ number: Int, head: Int, _ rank: Rank) {
        let c = configuration
        let offset = span.rowStart * queryStride + head * c.group * c.headDimension
        span.cache?.attend(
            section: number * c.keyHeads + head,
            group: c.group,
            queries: scratch.query + offset,
            outputs: scratch.context + offset,
            kernels: kernels,
            scratch: attentionScratch(rank)
        )
    }

    /// Moves the rows that the wanted positions still depend on to the front of the batch.
    ///
    /// After the last layer's keys and values these are the wanted rows themselves, and the rows
    /// whose router outputs they read.
    private func keepNeededRows() {
        let normed = scratch.normed
        var kept = 0
        for index in spans.indices {
            let span = spans[index]
            spans[index].rowStart = kept
            let all = readsOtherRows(span) ? 0..<span.count : span.wanted
            for position in all where isNeeded(position, span) {
                let from = span.start + position
                if kept != from {  // kept rows never overtake the rows they come from
                    (scratch.hidden + kept * hiddenStride).update(
                        from: scratch.hidden + from * hiddenStride,
                        count: hiddenStride
                    )
                    (normed.words + kept * normed.stride).update(
                        from: normed.words + from * normed.stride,
                        count: normed.stride
                    )
                    if normed.format == CK_INT8 { normed.scales?[kept] = normed.scales?[from] ?? 0 }
                }
                positions[kept] = Int32(position)
                tokenOfRow[kept] = Int32(from)
                kept += 1
            }
            spans[index].rowCount = kept - spans[index].rowStart
        }
        positions.removeLast(positions.count - kept)
        listConsulted()
    }

    /// Whether a position within the bounds is wanted, or its row's router outputs are read.
    private func isNeeded(_ position: Int, _ span: Span) -> Bool {
        let wanted = span.wanted
        guard readsOtherRows(span) else { return wanted.contains(position) }
        // A token p reads router outputs of the rows p / 2 and (count + p) / 2.
        let low = wanted.lowerBound / 2...(wanted.upperBound - 1) / 2
        let high = (span.count + wanted.lowerBound) / 2...(span.count + wanted.upperBound - 1) / 2
        return wanted.contains(position) || low.contains(position) || high.contains(position)
    }

    /// Whether tokens that are wanted read router outputs of others that may not be.
    private func readsOtherRows(_ span: Span) -> Bool {
        configuration.experts?.layout == .transformers && span.wanted.count < span.count
            && !span.wanted.isEmpty
    }
}
