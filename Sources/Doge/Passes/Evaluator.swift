import CDogeKernels

/// Runs the passes of one replica, on the ranks of its crew; the model is shared by all replicas.
///
/// A sequence's numbers depend on nothing but its tokens: a product's sums run in the same order
/// whatever the rows beside it, and every other step works on one row or one sequence at a time.
final class Evaluator: RankWork, @unchecked Sendable {  // its replica's alone, pass by pass
    let model: DogeModel
    let crew: Crew
    /// Tokens of a pass that scratch is there for at first.
    let batchTokens: Int
    var rotary: RotaryTable
    var scratch: Scratch
    /// Scratch of attention, a part for each rank, and the most keys of a sequence it is for.
    var attentionScratch: AlignedBuffer
    var attentionKeys = 0
    /// (rows, vocabulary), padded: grows when first needed.
    var logits: AlignedBuffer
    /// Pages of the sequences that this replica generates.
    let pool: PagePool
    /// Where the segments of the pass lie.
    var spans: [Span] = []
    /// Whether a segment of the pass keeps its keys.
    private(set) var hasCaches = false
    /// Position, within its segment, of each row that goes through the layer.
    var positions: [Int32] = []
    /// The token of the pass that each row is of.
    var tokenOfRow: [Int32] = []
    /// What the ranks run next.
    private var part = Part.layers
    /// The tokens that consult experts.
    var consulted = ConsultedTokens()
    /// What others see of the replica's getting on.
    let passes = PassCounter()
    /// Where the time of passes goes, where somebody wants to know.
    var profile: PassProfile?

    var kernels: UnsafePointer<ck_kernels> { model.kernels }
    var configuration: DogeConfiguration { model.configuration }
    /// Floats from row to row of the residual stream.
    var hiddenStride: Int { ck_stride(CK_F32, configuration.hiddenSize) }

    /// Takes memory on the calling thread, whose NUMA node it is then near to.
    init(
        model: DogeModel,
        crew: Crew,
        pool: PagePool,
        batchTokens tokens: Int
    ) throws(ModelError) {
        self.model = model
        self.crew = crew
        batchTokens = tokens
        guard let rotary = RotaryTable(model.configuration.rotary),
            let attentionScratch = AlignedBuffer(capacity: 0),
            let logits = AlignedBuffer(capacity: 0)
        else {
            throw .outOfMemory(what: "a replica's angles", byteCount: MemoryLayout<Float>.stride)
        }
        self.rotary = rotary
        self.attentionScratch = attentionScratch
        self.logits = logits
        self.pool = pool
        do throws(Scratch.Refused) {
            scratch = try Scratch(
                model.configuration,
                model.dataType,
                tokens: tokens,
                ranks: crew.count
            )
        } catch {
            throw .outOfMemory(what: "a replica's scratch", byteCount: error.byteCount)
        }
        spans.reserveCapacity(tokens)
        positions.reserveCapacity(tokens)
        tokenOfRow.reserveCapacity(tokens)
        if model.configuration.experts != nil { consulted.reserve(tokens) }
    }

    /// Runs all layers; `hidden(of:in:)` then gives the wanted rows, before the final norm.
    func forward(_ segments: [Segment]) throws(PassFailure) {
        passes.step()
        defer { passes.step() }
        try makeRoom(for: segments)
        // Rows are asked for later; what a sequence holds is its owner's to let go.
        defer { for index in spans.indices { spans[index].cache = nil } }
        profile?.begin()
        try place(segments)
        listConsulted()
        profile?.mark(.embedding)
        run(.layers)
        for span in spans { span.cache?.advance(by: span.count) }
    }

    /// What the ranks run together.
    enum Part {
        case layers
        /// The logits of so many rows of the final norm.
        case logits(rows: Int)
    }

    /// Has every rank run its share of a part.
    func run(_ part: Part) {
        self.part = part
        crew.run(self)
    }

    func run(_ rank: Rank) {
        switch part {
        case .layers:
            for number in model.layers.indices {
                attend(model.layers[number], number: number, rank)
                feed(model.layers[number], rank)
            }
        case .logits(let rows): multiplyHead(rows: rows, rank)
        }
    }

    /// A part of a layer is done.
    func mark(_ part: PassProfile.Part, _ rank: Rank) {
        if rank.isFirst { profile?.mark(part) }
    }

    /// The hidden state of a wanted position of a segment, before the final norm: (hidden), padded.
    func hidden(of position: Int, in segment: Int) -> UnsafePointer<Float> {
        UnsafePointer(scratch.hidden + row(of: position, in: spans[segment]) * hiddenStride)
    }

    private func makeRoom(for segments: [Segment]) throws(PassFailure) {
        var (tokens, keys, wish) = (0, 0, 0)
        for segment in segments {
            tokens += segment.count
            let isStep = segment.base > 0
            let need =
                isStep
                ? CachedSequence.keyCountMax(configuration, length: segment.base + 1)
                : attendedKeys(segment.count)
            keys = max(keys, need)
            // The past of a text grows key by key: no pass of its like shall need more soon.
            wish = max(wish, isStep ? 2 * need : need)
        }
        if tokens > scratch.tokens {
            do throws(Scratch.Refused) {
                scratch = try Scratch(
                    configuration,
                    model.dataType,
                    tokens: tokens,
                    ranks: crew.count
                )
            } catch {
                throw .outOfMemory
            }
        }
        guard keys > attentionKeys else { return }
        // A rank's part begins on a cache line of its own.
        let each = attentionFloats(wish)
        guard let larger = AlignedBuffer(capacity: crew.count * each) else { throw .outOfMemory }
        attentionScratch = larger
        attentionKeys = wish
    }

    /// Keys of a whole text that lie in scratch at once.
    ///
    /// Past the window their slots are used again, unless a sliding one brings keys back.
    private func attendedKeys(_ length: Int) -> Int {
        guard configuration.slidingWindow == nil else { return length }
        return min(length, configuration.keepWindow + Int(CK_QUERIES))
    }

    /// Scratch of attention that a rank needs for sequences of so many keys.
    private func attentionFloats(_ keys: Int) -> Int {
        let floats = max(
            ck_attend_scratch(keys, configuration.headDimension),
            ck_cached_scratch(keys)
        )
        return (floats + 15) / 16 * 16
    }

    /// A rank's own scratch of attention.
    func attentionScratch(_ rank: Rank) -> UnsafeMutablePointer<Float> {
        attentionScratch.floats + rank.number * attentionFloats(attentionKeys)
    }

    /// Lays the segments end to end and looks their tokens' embeddings and angles up.
    private func place(_ segments: [Segment]) throws(PassFailure) {
        let c = configuration
        spans.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        tokenOfRow.removeAll(keepingCapacity: true)
        hasCaches = segments.contains { $0.cache != nil }
        for segment in segments {
            let start = positions.count
            let count = segment.count
            let angles = scratch.angles + start * c.headDimension
            guard rotary.write(segment.base..<segment.base + count, into: angles) else {
                throw .outOfMemory
            }
            for position in 0..<count {
                let row = scratch.hidden + (start + position) * hiddenStride
                let first = Int(segment.token(at: position)) * c.hiddenSize
                model.embedding.write(first..<first + c.hiddenSize, to: row)
                (row + c.hiddenSize).update(repeating: 0, count: hiddenStride - c.hiddenSize)
                positions.append(Int32(position))
                tokenOfRow.append(Int32(start + position))
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
