import CDogeKernels

/// One thread's working memory for batches of up to `tokens` tokens; rows padded for the products.
struct Scratch: ~Copyable {
    let tokens: Int
    private let memory: AlignedBuffer

    let hidden: UnsafeMutablePointer<Float>  // (rows, hidden): the residual stream
    let normed: UnsafeMutablePointer<Float>  // (rows, hidden)
    let branch: UnsafeMutablePointer<Float>  // (rows, hidden)
    let query: UnsafeMutablePointer<Float>  // (rows, queryWidth)
    let keyValue: UnsafeMutablePointer<Float>  // (rows, 2 * keyWidth)
    let context: UnsafeMutablePointer<Float>  // (rows, queryWidth)
    let dt: UnsafeMutablePointer<Float>  // (rows, keyHeads)
    let maskInput: UnsafeMutablePointer<Float>  // (keyHeads)
    let feedIn: UnsafeMutablePointer<Float>  // (rows, 2 * intermediate + 2 * keys)
    let feedInner: UnsafeMutablePointer<Float>  // (rows, intermediate)
    let attention: UnsafeMutablePointer<Float>  // ck_attend_scratch
    let weights: UnsafeMutablePointer<Float>  // (experts per token)
    let angles: UnsafeMutablePointer<Float>  // (rows, headDimension): cosines, then sines

    /// There is no memory for so many bytes.
    struct Refused: Error {
        let byteCount: Int
    }

    init(_ c: DogeConfiguration, tokens: Int) throws(Refused) {
        let step = ProductPlan.rowStep
        let rows = (tokens + step - 1) / step * step
        let experts = c.experts
        let widths = [
            rows * c.hiddenSize, rows * c.hiddenSize, rows * c.hiddenSize, rows * c.queryWidth,
            rows * 2 * c.keyWidth, rows * c.queryWidth, rows * c.keyHeads, c.keyHeads,
            rows * (2 * c.intermediateSize + 2 * (experts?.keys ?? 0)), rows * c.intermediateSize,
            ck_attend_scratch(tokens, c.headDimension), experts?.perToken ?? 0,
            rows * c.headDimension,
        ]
        // Each part begins on a cache line of its own.
        var starts: [Int] = []
        var end = 0
        for width in widths {
            starts.append(end)
            end += (width + 15) / 16 * 16
        }
        guard let memory = AlignedBuffer(capacity: end) else {
            throw Refused(byteCount: MemoryLayout<Float>.stride * end)
        }
        let base = memory.floats
        self.memory = memory
        self.tokens = tokens
        hidden = base + starts[0]
        normed = base + starts[1]
        branch = base + starts[2]
        query = base + starts[3]
        keyValue = base + starts[4]
        context = base + starts[5]
        dt = base + starts[6]
        maskInput = base + starts[7]
        feedIn = base + starts[8]
        feedInner = base + starts[9]
        attention = base + starts[10]
        weights = base + starts[11]
        angles = base + starts[12]
    }
}
