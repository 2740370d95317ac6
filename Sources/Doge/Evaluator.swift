import CDogeKernels

/// Runs batches on one thread: products, kernels and scratch of its own, the model shared.
///
/// A sequence's logits depend on nothing but its tokens: products give a row the same bits in any
/// tile, and every other step works on one row or one sequence at a time.
final class Evaluator: @unchecked Sendable {  // used by one thread at a time: its team member
    let model: DogeModel
    let multiplier: Multiplier
    var rotary: RotaryTable
    var scratch: Scratch
    /// Where the sequences of the batch lie.
    var spans: [Span] = []
    /// Position, within its sequence, of each row that goes through the layer.
    var positions: [Int32] = []
    var chosen: [Int32]

    var kernels: UnsafePointer<ck_kernels> { model.kernels }
    var configuration: DogeConfiguration { model.configuration }

    init(model: DogeModel) throws(ModelError) {
        self.model = model
        multiplier = try Multiplier(model.matrices, library: model.library)
        let tokens = Batch.tokenBudget
        guard let rotary = RotaryTable(model.configuration.rotary) else {
            throw .outOfMemory(what: "a thread's angles", byteCount: MemoryLayout<Float>.stride)
        }
        self.rotary = rotary
        do throws(Scratch.Refused) {
            scratch = try Scratch(model.configuration, tokens: tokens)
        } catch {
            throw .outOfMemory(what: "a thread's scratch", byteCount: error.byteCount)
        }
        chosen = Array(repeating: 0, count: model.configuration.experts?.perToken ?? 0)
        spans.reserveCapacity(tokens)
        positions.reserveCapacity(tokens)
    }

    /// Writes the logits of each sequence of `batch` to `logits` (all sequences, labels).
    func run(
        _ batch: Batch,
        of sequences: [[Int32]],
        logits: UnsafeMutablePointer<Float>
    ) throws(EngineError) {
        try makeRoom(for: batch, of: sequences)
        try place(batch, of: sequences)
        for number in model.layers.indices {
            try attend(model.layers[number], isLast: number == model.layers.count - 1)
            try feed(model.layers[number])
        }
        let labels = configuration.labels.count
        for (span, index) in zip(spans, batch.members) {
            score(span, into: logits + index * labels)
        }
    }

    private func makeRoom(
        for batch: Batch,
        of sequences: [[Int32]]
    ) throws(EngineError) {
        guard batch.tokenCount > scratch.tokens else { return }
        do throws(Scratch.Refused) {
            scratch = try Scratch(configuration, tokens: batch.tokenCount)
        } catch {
            throw .outOfMemory(index: batch.members[0], tokenCount: batch.tokenCount)
        }
    }

    /// Lays the sequences end to end and looks their tokens' embeddings up.
    private func place(_ batch: Batch, of sequences: [[Int32]]) throws(EngineError) {
        let width = configuration.hiddenSize
        spans.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        for index in batch.members {
            let tokens = sequences[index]
            let start = positions.count
            let angles = scratch.angles + start * configuration.headDimension
            guard rotary.write(0..<tokens.count, into: angles) else {
                throw .outOfMemory(index: index, tokenCount: batch.tokenCount)
            }
            for (position, token) in tokens.enumerated() {
                let row = scratch.hidden + (start + position) * width
                row.update(from: model.embedding.floats + Int(token) * width, count: width)
                positions.append(Int32(position))
            }
            spans.append(
                Span(
                    start: start,
                    count: tokens.count,
                    scored: scoredPosition(tokens),
                    rowStart: start,
                    rowCount: tokens.count
                )
            )
        }
    }

    /// The rightmost token that is not padding; the first if all are.
    private func scoredPosition(_ tokens: [Int32]) -> Int {
        guard let pad = configuration.padTokenID else { return tokens.count - 1 }
        return tokens.lastIndex { $0 != pad } ?? 0
    }

    /// The head: final norm of the scored row, then one product per label.
    private func score(_ span: Span, into logits: UnsafeMutablePointer<Float>) {
        let width = configuration.hiddenSize
        let row = scratch.hidden + self.row(of: span.scored, in: span) * width
        let kernels = self.kernels.pointee
        kernels.norm(
            row,
            model.finalNorm.floats,
            scratch.normed,
            1,
            width,
            configuration.epsilon
        )
        kernels.matvec(
            model.score.floats,
            scratch.normed,
            logits,
            configuration.labels.count,
            width
        )
    }

    /// The row of a position that goes through the layer.
    func row(of position: Int, in span: Span) -> Int {
        if span.rowCount == span.count { return span.rowStart + position }
        let rows = span.rowStart..<span.rowStart + span.rowCount
        guard let row = rows.first(where: { positions[$0] == Int32(position) }) else {
            preconditionFailure("position \(position) was left out of the last layer")
        }
        return row
    }
}
