/// Sequences that run together, end to end and without padding.
struct Batch: Sendable {
    /// Indices of the sequences in the caller's order.
    let members: [Int]
    let tokenCount: Int

    /// Tokens of a batch, unless one sequence is longer: enough rows to fill the tallest tiles, few
    /// enough that a layer's activations stay in a core's share of the cache.
    static let tokenBudget = 512

    /// Cuts sequences into batches, the longest first, so that threads end together.
    static func plan(_ sequences: [[Int32]]) -> [Batch] {
        let order = sequences.indices.sorted { first, second in
            let (a, b) = (sequences[first].count, sequences[second].count)
            return a == b ? first < second : a > b
        }
        var batches: [Batch] = []
        var members: [Int] = []
        var tokens = 0
        func close() {
            if !members.isEmpty { batches.append(Batch(members: members, tokenCount: tokens)) }
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

/// Where one sequence lies in a batch, and which of its positions a layer must still answer for.
struct Span {
    /// First row among all tokens of the batch.
    let start: Int
    let count: Int
    /// Position whose hidden state is scored.
    let scored: Int
    /// First row among the rows that go through the layer, and their number.
    var rowStart: Int
    var rowCount: Int
}
