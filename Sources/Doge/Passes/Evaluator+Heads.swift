import CDogeKernels

/// What becomes of the wanted rows of a pass.
extension Evaluator {
    /// A wanted position of a segment of the pass.
    struct Row {
        let segment: Int
        let position: Int
    }

    /// Writes the final norm of a row: (hidden).
    private func norm(_ row: Row, into out: UnsafeMutablePointer<Float>) {
        kernels.pointee.norm(
            hidden(of: row.position, in: row.segment),
            model.finalNorm.floats,
            out,
            1,
            configuration.hiddenSize,
            configuration.epsilon
        )
    }

    /// The logits of the labels at a position.
    func classify(_ position: Int, of segment: Int) -> [Float] {
        guard case .classification(let score) = model.head else {
            preconditionFailure("the model has no classification head")
        }
        norm(Row(segment: segment, position: position), into: scratch.normed)
        let labels = configuration.labels.count
        return [Float](unsafeUninitializedCapacity: labels) { logits, count in
            if let base = logits.baseAddress {
                kernels.pointee.matvec(
                    score.floats,
                    scratch.normed,
                    base,
                    labels,
                    configuration.hiddenSize
                )
            }
            count = labels
        }
    }

    /// The mean of the normed hidden states of some positions, summed in their order.
    func meanState(_ positions: Range<Int>, of segment: Int) -> [Float] {
        let width = configuration.hiddenSize
        var sums = [Double](repeating: 0, count: width)
        for position in positions {
            norm(Row(segment: segment, position: position), into: scratch.normed)
            for index in 0..<width { sums[index] += Double(scratch.normed[index]) }
        }
        return sums.map { Float($0 / Double(positions.count)) }
    }

    /// The logits of the vocabulary at each row, one after the other; the receiver may change them.
    func languageLogits(
        _ rows: [Row],
        _ receive: (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) throws(PassFailure) {
        guard case .language(let matrix) = model.head else {
            preconditionFailure("the model has no language head")
        }
        let width = configuration.hiddenSize
        let vocabulary = configuration.vocabularySize
        let height = Self.logitRows(vocabulary)
        if logits.capacity < height * vocabulary {
            guard let larger = AlignedBuffer(capacity: height * vocabulary) else {
                throw .outOfMemory
            }
            logits = larger
        }
        var first = 0
        while first < rows.count {
            let count = min(height, rows.count - first)
            for index in 0..<count {
                norm(rows[first + index], into: scratch.normed + index * width)
            }
            try multiplier.multiply(matrix, scratch.normed, logits.floats, rows: count)
            for index in 0..<count {
                let start = logits.floats + index * vocabulary
                receive(first + index, UnsafeMutableBufferPointer(start: start, count: vocabulary))
            }
            first += count
        }
    }

    /// Rows of logits made at once: a tall tile, as long as they take no more than 16 MiB.
    private static func logitRows(_ vocabulary: Int) -> Int {
        let rows = (4 << 20) / vocabulary / ProductPlan.rowStep * ProductPlan.rowStep
        return min(64, max(ProductPlan.rowStep, rows))
    }

    /// Logarithm of the sum of e^x; no number where the logits are none.
    func logSumExp(_ logits: UnsafeMutableBufferPointer<Float>) -> Float {
        guard let base = logits.baseAddress else { return -.infinity }
        return kernels.pointee.log_sum_exp(base, logits.count)
    }
}
