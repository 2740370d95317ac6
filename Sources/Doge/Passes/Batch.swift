/// Sequences that run together, end to end and without padding.
package struct Batch: Sendable {
    /// Indices of the sequences in the caller's order.
    package let members: [Int]

    /// Tokens of a batch, unless one sequence is longer.
    ///
    /// Enough rows for each panel of weights that is fetched, few enough that a layer's activations
    /// stay in a core's share of the cache; 256 and 1,024 were measured too, and were no faster.
    static let tokenBudget = 512

    /// Cuts sequences into batches, the longest first, so that threads end together.
    package static func plan(_ sequences: [[Int32]]) -> [Batch] {
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
            if tokens + count > tokenBudget { close() }
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
