/// Sequences that run together, end to end and without padding.
package struct Batch: Sendable {
    /// Indices of the sequences in the caller's order.
    package let members: [Int]

    /// Tokens of a batch where nobody knows the caches, and the most of any.
    package static let tokensUsual = 512
    private static let tokensMin = 128

    /// Tokens of a batch, unless one sequence is longer: as many as leave what a layer works on in
    /// a thread's share of the last cache.
    ///
    /// Few rows fetch the weights too often, many push each other out of the cache: with 16 MiB a
    /// thread, 128 and 1,024 tokens were up to 4 and 9 % slower than 512 on Doge-160M, and as fast
    /// on Doge-20M.
    ///
    /// - Parameter cacheShare: bytes.
    package static func tokens(
        for c: DogeConfiguration,
        _ type: DataType,
        cacheShare: Int
    ) -> Int {
        // Each row is there as floats and as words of the type.
        let word = type == .f32 ? 0 : type == .bf16 ? 2 : 1
        let attention = 2 * c.queryWidth + 2 * c.keyWidth
        let row = (4 + word) * (c.hiddenSize + max(attention, c.intermediateSize))
        return min(max(cacheShare / row / 32 * 32, tokensMin), tokensUsual)
    }

    /// Cuts sequences into batches of so many tokens, the longest first, so that threads end
    /// together.
    package static func plan(_ sequences: [[Int32]], tokens budget: Int) -> [Batch] {
        let order = sequences.indices.sorted { first, second in
            let (a, b) = (sequences[first].count, sequences[second].count)
            return a == b ? first < second : a > b
        }
        var batches: [Batch] = []
        var members: [Int] = []
        var tokens = 0
        func close() {
            if !members.isEmpty { batches.append(Batch(members: members)) }
            members = []
            tokens = 0
        }
        for index in order {
            let count = sequences[index].count
            if tokens + count > budget { close() }
            members.append(index)
            tokens += count
        }
        close()
        return batches
    }
}

/// What one sequence brings to a forward pass: a whole text, or the next token of one.
struct Segment {
    /// A whole text; empty where there is a next token.
    private let text: [Int32]
    private let next: Int32
    /// Positions, counted within the segment, whose hidden states are asked for.
    let wanted: Range<Int>
    /// Where keys and values are kept; nil where no token follows.
    let cache: CachedSequence?

    /// A whole text.
    init(tokens: [Int32], wanted: Range<Int>, cache: CachedSequence?) {
        text = tokens
        next = 0
        self.wanted = wanted
        self.cache = cache
    }

    /// The next token of a text, whose hidden state is asked for.
    init(next: Int32, cache: CachedSequence) {
        text = []
        self.next = next
        wanted = 0..<1
        self.cache = cache
    }

    /// Tokens of the segment.
    var count: Int { max(1, text.count) }

    /// The token at a position within the segment.
    func token(at position: Int) -> Int32 { text.isEmpty ? next : text[position] }

    /// Position of the first token in its text.
    var base: Int { cache?.length ?? 0 }
}

/// Where a segment lies among the rows of a pass, and which of them a layer must still answer for.
struct Span {
    /// First row among all tokens of the pass.
    let start: Int
    let count: Int
    let wanted: Range<Int>
    /// Where keys and values are kept; nil where no token follows, and after the pass.
    var cache: CachedSequence?
    /// First row among the rows that go through the layer, and their number.
    var rowStart: Int
    var rowCount: Int

    /// Whether its past lies in the cache.
    var isStep: Bool { (cache?.length ?? 0) > 0 }
}
