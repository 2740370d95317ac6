/// The keys of one layer and key head that a window chooses from, by dt.
///
/// dt belongs to its key alone and the window only moves on, so the choice is kept up to date: one
/// key comes, at most one goes, and nothing is sorted again.
struct KeptKeys {
    /// dt and position of each key in one number that sorts by dt, the older first among equals.
    private var order: [UInt64] = []
    /// The slot of each key, in the same order.
    private(set) var slots: [Int32] = []

    var count: Int { order.count }

    /// dt is e to some power, so never below zero: its bits sort as it does.
    private static func rank(_ dt: Float, _ position: Int) -> UInt64 {
        UInt64(dt.bitPattern) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
    }

    /// The position of the key at a place of the order.
    func position(at place: Int) -> Int { Int(order[place] & 0xFFFF_FFFF) }

    /// Replaces all by the `limit` best of the keys of `positions`; `slot` is told the place in
    /// their new order and the position.
    mutating func choose(
        from positions: Range<Int>,
        limit: Int,
        dt: (Int) -> Float,
        slot: (_ place: Int, _ position: Int) -> Int32
    ) {
        order.removeAll(keepingCapacity: true)
        for position in positions { order.append(Self.rank(dt(position), position)) }
        order.withUnsafeMutableBufferPointer { $0.sortInPlace() }
        order.removeFirst(max(0, order.count - limit))
        slots.removeAll(keepingCapacity: true)
        for place in order.indices { slots.append(slot(place, position(at: place))) }
    }

    /// Sets memory aside for so many keys.
    mutating func reserve(_ count: Int) {
        order.reserveCapacity(count)
        slots.reserveCapacity(count)
    }

    /// Adds a key.
    mutating func insert(_ dt: Float, position: Int, slot: Int32) {
        let rank = Self.rank(dt, position)
        let place = place(of: rank)
        order.insert(rank, at: place)
        slots.insert(slot, at: place)
    }

    /// Takes out a key that was added with the same dt and position.
    mutating func remove(_ dt: Float, position: Int) {
        let place = place(of: Self.rank(dt, position))
        order.remove(at: place)
        slots.remove(at: place)
    }

    /// Puts a key in the place of the least, unless it is the least itself.
    ///
    /// - Returns: the slot that it takes over; nil where it is not kept.
    mutating func replaceLeast(_ dt: Float, position: Int) -> Int32? {
        guard let least = order.first, Self.rank(dt, position) > least else { return nil }
        let slot = slots[0]
        order.removeFirst()
        slots.removeFirst()
        insert(dt, position: position, slot: slot)
        return slot
    }

    /// The first place whose key does not come before `rank`.
    private func place(of rank: UInt64) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < rank { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
