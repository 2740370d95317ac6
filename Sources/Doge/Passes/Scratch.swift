import CDogeKernels

/// The working memory of passes of up to `tokens` tokens, shared by the ranks of a replica.
///
/// Rows of floats are padded to whole panels; what attention and what the feed-forward part need
/// lies in the same place, as neither outlives its half of a layer.
struct Scratch: ~Copyable {
    typealias Floats = UnsafeMutablePointer<Float>

    let tokens: Int
    private let memory: AlignedBuffer

    let hidden: Floats  // (rows, hidden): the residual stream
    let normed: ck_operand  // (rows, hidden)
    let angles: Floats  // (rows, headDimension): cosines, then sines
    let dt: Floats  // (rows, keyHeads), without padding
    // Attention
    let query: Floats  // (rows, queryWidth)
    let queryWords: ck_operand  // (rows, queryWidth)
    let keyValue: Floats  // (rows, 2 * keyWidth)
    let keyValueWords: ck_operand  // (rows, 2 * keyWidth)
    let context: Floats  // (rows, queryWidth)
    let contextWords: ck_operand  // (rows, queryWidth)
    // The feed-forward part
    let inner: Floats  // (rows, intermediate)
    let innerWords: ck_operand  // (rows, intermediate)
    private let innerStride: Int
    let finest: ck_operand  // (rows, hidden): f32, of models with experts
    let fine: ck_operand  // (rows, hidden): what the router reads
    let router: Floats  // (rows, 2 * keys)
    let lookup: LookupScratch

    /// The rows of `inner` as products write them.
    var innerFloats: ck_operand {
        ck_operand(
            format: CK_F32,
            words: UnsafeMutableRawPointer(inner).assumingMemoryBound(to: UInt32.self),
            scales: nil,
            stride: innerStride
        )
    }

    /// There is no memory for so many bytes.
    struct Refused: Error {
        let byteCount: Int
    }

    init(
        _ c: DogeConfiguration,
        _ type: DataType,
        tokens: Int,
        ranks: Int
    ) throws(Refused) {
        // Attention reads whole blocks of queries.
        let rows = tokens + Int(CK_QUERIES)
        let experts = c.experts
        var plan = ScratchPlan()
        let hidden = plan.floats(rows, c.hiddenSize)
        let normed = plan.operand(rows, c.hiddenSize, type.format)
        let angles = plan.floats(rows, c.headDimension)
        let dt = plan.floats(rows, c.keyHeads)
        let shared = plan.end
        let query = plan.floats(rows, c.queryWidth)
        let queryWords = plan.operand(rows, c.queryWidth, type.fineFormat, over: query)
        let keyValue = plan.floats(rows, 2 * c.keyWidth)
        let keyValueWords = plan.operand(rows, 2 * c.keyWidth, type.fineFormat, over: keyValue)
        let context = plan.floats(rows, c.queryWidth)
        let contextWords = plan.operand(rows, c.queryWidth, type.format, over: context)
        plan.rewind(to: shared)
        let inner = plan.floats(rows, c.intermediateSize)
        let innerWords = plan.operand(rows, c.intermediateSize, type.format, over: inner)
        let expertRows = experts == nil ? 0 : rows
        let finest = plan.operand(expertRows, c.hiddenSize, CK_F32)
        let fine = plan.operand(expertRows, c.hiddenSize, type.fineFormat)
        let router = plan.floats(expertRows, 2 * (experts?.keys ?? 0))
        let lookup = LookupScratch.Plan(c, rows: expertRows, ranks: ranks, in: &plan)
        guard let memory = AlignedBuffer(capacity: plan.size) else {
            throw Refused(byteCount: MemoryLayout<Float>.stride * plan.size)
        }
        let base = memory.floats
        self.memory = memory
        self.tokens = tokens
        self.hidden = base + hidden
        self.normed = normed.at(base)
        self.angles = base + angles
        self.dt = base + dt
        self.query = base + query
        self.queryWords = queryWords.at(base)
        self.keyValue = base + keyValue
        self.keyValueWords = keyValueWords.at(base)
        self.context = base + context
        self.contextWords = contextWords.at(base)
        self.inner = base + inner
        self.innerWords = innerWords.at(base)
        innerStride = ck_stride(CK_F32, c.intermediateSize)
        self.finest = finest.at(base)
        self.fine = fine.at(base)
        self.router = base + router
        self.lookup = lookup.at(base)
    }
}
