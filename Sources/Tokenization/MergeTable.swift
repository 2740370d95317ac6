/// Which two tokens become which one, and in what order of preference.
///
/// Open addressing over pairs of ids packed into 64 bits: one look-up for each pair of a word.
struct MergeTable: Sendable {
    private var keys: [UInt64]
    private var ranks: [Int32]
    private var merged: [Int32]
    private static let empty = UInt64.max

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        keys = [UInt64](repeating: Self.empty, count: size)
        ranks = [Int32](repeating: 0, count: size)
        merged = ranks
    }

    /// Adds a merge; of one that stands twice the later counts, as in the tokenizers package.
    mutating func insert(_ left: Int32, _ right: Int32, rank: Int32, merged id: Int32) {
        let place = place(Self.key(left, right))
        keys[place] = Self.key(left, right)
        ranks[place] = rank
        merged[place] = id
    }

    /// Rank (lower is merged first) and result of a pair; nil where it is never merged.
    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> (rank: Int32, id: Int32)? {
        let key = Self.key(left, right)
        let place = place(key)
        return keys[place] == key ? (ranks[place], merged[place]) : nil
    }

    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        let mask = keys.count - 1
        var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
        while keys[index] != key, keys[index] != Self.empty { index = (index + 1) & mask }
        return index
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
