/// The tokens of a layer that consult experts, and the halves of router rows that each reads.
struct ConsultedTokens {
    /// Row of each among those that go through the layer.
    private(set) var rows: [Int32] = []
    /// Two for each: number of its half among the router's rows of two halves.
    private(set) var halves: [Int32] = []

    mutating func reserve(_ tokens: Int) {
        rows.reserveCapacity(tokens)
        halves.reserveCapacity(2 * tokens)
    }

    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        halves.removeAll(keepingCapacity: true)
    }

    mutating func append(row: Int, x: Int, y: Int) {
        rows.append(Int32(row))
        halves.append(Int32(x))
        halves.append(Int32(y))
    }
}
