import CDogeKernels

/// Runs passes on one thread: products, kernels and scratch of its own, the model shared.
///
/// A sequence's numbers depend on nothing but its tokens: products give a row the same bits in any
/// tile, and every other step works on one row or one sequence at a time.
final class Evaluator: @unchecked Sendable {  // used by one thread at a time: its team member
    let model: DogeModel
    let multiplier: Multiplier
    var rotary: RotaryTable
    var scratch: Scratch
    /// Scratch of attention over cached keys, and the most keys that it is for.
    var cacheScratch: AlignedBuffer
    var cacheKeys = 0
    /// (rows, vocabulary): grows when first needed.
    var logits: AlignedBuffer
    /// Pages of the sequences that this thread generates.
    let pool: PagePool
    /// Where the segments of the pass lie.
    var spans: [Span] = []
    /// Position, within its segment, of each row that goes through the layer.
    var positions: [Int32] = []
    var chosen: [Int32]

    var kernels: UnsafePointer<ck_kernels> { model.kernels }
    var configuration: DogeConfiguration { model.configuration }

    init(model: DogeModel, cacheBytes: Int) throws(ModelError) {
        self.model = model
        multiplier = try Multiplier(model.matrices, library: model.library)
        let tokens = Batch.tokenBudget
        guard let rotary = RotaryTable(model.configuration.rotary),
            let cacheScratch = AlignedBuffer(capacity: 0),
            let logits = AlignedBuffer(capacity: 0)
        else {
            throw .outOfMemory(what: "a thread's angles", byteCount: MemoryLayout<Float>.stride)
        }
        self.rotary = rotary
        self.cacheScratch = cacheScratch
        self.logits = logits
        pool = PagePool(model.configuration, byteBudget: cacheBytes)
        do throws(Scratch.Refused) {
            scratch = try Scratch(model.configuration, tokens: tokens)
        } catch {
            throw .outOfMemory(what: "a thread's scratch", byteCount: error.byteCount)
        }
        chosen = Array(repeating: 0, count: model.configuration.experts?.perToken ?? 0)
        spans.reserveCapacity(tokens)
        positions.reserveCapacity(tokens)
    }

    /// Runs all layers; `hidden(of:in:)` then gives the wanted rows, before the final norm.
    func forward(_ segments: [Segment]) throws(PassFailure) {
        try makeRoom(for: segments)
        // Rows are asked for later; what a sequence holds is its owner's to let go.
        defer { for index in spans.indices { spans[index].cache = nil } }
        try place(segments)
        for number in model.layers.indices {
            try attend(model.layers[number], number: number)
            try feed(model.layers[number])
        }
        for span in spans { span.cache?.advance(by: span.count) }
    }

    /// The hidden state of a wanted position of a segment, before the final norm: (hidden).
    func hidden(of position: Int, in segment: Int) -> UnsafePointer<Float> {
        let row = row(of: position, in: spans[segment])
        return UnsafePointer(scratch.hidden + row * configuration.hiddenSize)
    }

    private func makeRoom(for segments: [Segment]) throws(PassFailure) {
        let tokens = segments.reduce(0) { $0 + $1.tokens.count }
        if tokens > scratch.tokens {
            do throws(Scratch.Refused) {
                scratch = try Scratch(configuration, tokens: tokens)
            } catch {
                throw .outOfMemory
            }
        }
        let keys = segments.lazy.filter { $0.base > 0 }.map {
            CachedSequence.keyCountMax(self.configuration, length: $0.base + 1)
        }
        guard let most = keys.max(), most > cacheKeys else { return }
        let capacity = ck_cached_scratch(2 * most)
        guard let larger = AlignedBuffer(capacity: capacity) else { throw .outOfMemory }
        cacheScratch = larger
        cacheKeys = 2 * most
    }

    /// Lays the segments end to end and looks their tokens' embeddings and angles up.
    private func place(_ segments: [Segment]) throws(PassFailure) {
        let c = configuration
        spans.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        for segment in segments {
            let start = positions.count
            let count = segment.tokens.count
            let angles = scratch.angles + start * c.headDimension
            guard rotary.write(segment.base..<segment.base + count, into: angles) else {
                throw .outOfMemory
            }
            for (position, token) in segment.tokens.enumerated() {
                let row = scratch.hidden + (start + position) * c.hiddenSize
                row.update(
                    from: model.embedding.floats + Int(token) * c.hiddenSize,
                    count: c.hiddenSize
                )
                positions.append(Int32(position))
            }
            spans.append(
                Span(
                    start: start,
                    count: count,
                    wanted: segment.wanted,
                    cache: segment.cache,
                    rowStart: start,
                    rowCount: count
                )
            )
        }
    }

    /// The row of a position that goes through the layer.
    func row(of position: Int, in span: Span) -> Int {
        if span.rowCount == span.count { return span.rowStart + position }
        // The rows that were kept ascend.
        var (low, high) = (span.rowStart, span.rowStart + span.rowCount)
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] < Int32(position) { low = middle + 1 } else { high = middle }
        }
        let isKept = low < span.rowStart + span.rowCount && positions[low] == Int32(position)
        precondition(isKept, "position \(position) was left out of the last layer")
        return low
    }
}
