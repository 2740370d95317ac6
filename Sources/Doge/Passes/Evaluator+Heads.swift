import CDogeKernels

/// What becomes of the wanted rows of a pass.
extension Evaluator {
    /// A wanted position of a segment of the pass.
    struct Row {
        let segment: Int
        let position: Int
    }

    /// Writes the final norm of a row: (hidden).
    private func norm(_ row: Row, into out: ck_operand, at place: Int) {
        kernels.pointee.norm(
            hidden(of: row.position, in: row.segment),
            hiddenStride,
            model.finalNorm.floats,
            configuration.hiddenSize,
            configuration.epsilon,
            1,
            Self.rows(out, from: place)
        )
    }

    /// The final norm of a row as floats: (hidden), until the next call.
    private func state(_ row: Row) -> UnsafePointer<Float> {
        let words = UnsafeMutableRawPointer(scratch.query).assumingMemoryBound(to: UInt32.self)
        norm(
            row,
            into: ck_operand(format: CK_F32, words: words, scales: nil, stride: hiddenStride),
            at: 0
        )
        return UnsafePointer(scratch.query)
    }

    /// The logits of the labels at a position.
    func classify(_ position: Int, of segment: Int) -> [Float] {
        guard case .classification(let score) = model.head else {
            preconditionFailure("the model has no classification head")
        }
        let state = state(Row(segment: segment, position: position))
        let labels = configuration.labels.count
        return [Float](unsafeUninitializedCapacity: labels) { logits, count in
            if let base = logits.baseAddress {
                kernels.pointee.matvec(
                    score.floats,
                    state,
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
            let state = state(Row(segment: segment, position: position))
            for index in 0..<width { sums[index] += Double(state[index]) }
        }
        return sums.map { Float($0 / Double(positions.count)) }
    }

    /// The logits of the vocabulary at each row, one after the other; the receiver may change them.
    func languageLogits(
        _ rows: [Row],
        _ receive: (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) throws(PassFailure) {
        let vocabulary = configuration.vocabularySize
        let stride = PackedMatrix.stride(vocabulary)
        let height = Self.logitHeight(vocabulary)
        if logits.capacity < height * stride {
            guard let larger = AlignedBuffer(capacity: height * stride) else {
                throw .outOfMemory
            }
            logits = larger
        }
        var first = 0
        while first < rows.count {
            let count = min(height, rows.count - first)
            for index in 0..<count { norm(rows[first + index], into: scratch.normed, at: index) }
            run(.logits(rows: count))
            for index in 0..<count {
                let start = logits.floats + index * stride
                receive(first + index, UnsafeMutableBufferPointer(start: start, count: vocabulary))
            }
            first += count
        }
    }

    /// This rank's share of the logits of the rows of the final norm.
    func multiplyHead(rows: Int, _ rank: Rank) {
        guard case .language(let matrix) = model.head else {
            preconditionFailure("the model has no language head")
        }
        multiply(matrix, scratch.normed, into: logits.floats, rows: rows, rank)
    }

    /// Rows of logits made at once: all answers that grow, as long as these take no more than
    /// `logitsMax` floats, but enough that a panel of the head is not fetched for each row.
    private static func logitHeight(_ vocabulary: Int) -> Int {
        min(TextShares.answersMax, max(8, logitsMax / vocabulary))
    }

    /// Floats of all logits: 16 MiB, half of a last cache of 32 MiB; not measured.
    private static let logitsMax = 4 << 20
}
