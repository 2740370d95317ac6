extension DogeConfiguration {
    /// Multiplications and additions that a pass over one text of `length` tokens takes: those of
    /// all products by weights but the head's, of attention, and of experts.
    ///
    /// What is known not to be needed is not counted: keys after a query or dropped by the window,
    /// and in the last layer all but the keys and values of tokens that nobody asks for.
    package func operations(length: Int) -> Double {
        let (hidden, query, key) = (Double(hiddenSize), Double(queryWidth), Double(2 * keyWidth))
        let tokens = Double(length)
        let reach = min(slidingWindow ?? length, keepWindow)
        let pairs = (1...max(1, length)).reduce(0.0) { $0 + Double(min($1, reach)) }
        let feed = 3 * Double(intermediateSize) * hidden
        var perToken = 2 * query * hidden + feed
        if let experts {
            perToken += Double(2 * experts.keys) * hidden + Double(2 * experts.perToken) * hidden
        }
        let keys = key * hidden * tokens
        let whole = keys + perToken * tokens + 2 * query * pairs
        let last = keys + perToken + 2 * query * Double(min(length, reach))
        return 2 * (Double(layerCount - 1) * whole + last)
    }
}
