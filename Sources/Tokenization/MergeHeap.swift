/// A heap of possible merges: lowest rank first, the leftmost of equals.
///
/// Rank and place are one number, so an entry is moved and compared as such.
struct MergeHeap {
    private var entries: [UInt64] = []
    /// What was there at first, in order: a run of equal pairs is so from the start.
    private var first: [UInt64] = []
    private var firstTaken = 0

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        first.removeAll(keepingCapacity: true)
        firstTaken = 0
    }

    /// Adds one of the first entries, without order; `order` must follow.
    mutating func add(_ rank: Int32, _ place: Int) {
        first.append(Self.entry(rank, place))
    }

    /// Brings the first entries in order.
    mutating func order() {
        first.sort()
    }

    mutating func push(_ rank: Int32, _ place: Int) {
        let entry = Self.entry(rank, place)
        entries.append(entry)
        entries.withUnsafeMutableBufferPointer { entries in
            Self.rise(entry, from: entries.count - 1, upTo: 0, entries)
        }
    }

    mutating func pop() -> (rank: Int32, place: Int)? {
        let entry: UInt64
        if firstTaken < first.count, entries.isEmpty || first[firstTaken] < entries[0] {
            entry = first[firstTaken]
            firstTaken += 1
        } else {
            guard let last = entries.popLast() else { return nil }
            entry = entries.isEmpty ? last : entries[0]
            entries.withUnsafeMutableBufferPointer { entries in
                if !entries.isEmpty { Self.sink(last, from: 0, entries) }
            }
        }
        return (Int32(truncatingIfNeeded: entry >> 32), Int(entry & 0xFFFF_FFFF))
    }

    /// Puts an entry where it belongs, at or below an index whose own is no longer needed.
    ///
    /// What comes from the end of a heap mostly belongs near it: the gap sinks to the end first,
    /// without a look at the entry, which then rises to its place.
    @inline(__always)
    private static func sink(
        _ entry: UInt64,
        from start: Int,
        _ entries: UnsafeMutableBufferPointer<UInt64>
    ) {
        var index = start
        var child = 2 * start + 2
        while child < entries.count {
            // Either child is as likely to be the lesser: no branch could be foretold.
            child -= entries[child - 1] < entries[child] ? 1 : 0
            entries[index] = entries[child]
            index = child
            child = 2 * index + 2
        }
        if child == entries.count {
            entries[index] = entries[child - 1]
            index = child - 1
        }
        rise(entry, from: index, upTo: start, entries)
    }

    @inline(__always)
    private static func rise(
        _ entry: UInt64,
        from end: Int,
        upTo start: Int,
        _ entries: UnsafeMutableBufferPointer<UInt64>
    ) {
        var index = end
        while index > start, entry < entries[(index - 1) / 2] {
            entries[index] = entries[(index - 1) / 2]
            index = (index - 1) / 2
        }
        entries[index] = entry
    }

    private static func entry(_ rank: Int32, _ place: Int) -> UInt64 {
        UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(UInt32(place))
    }
}
