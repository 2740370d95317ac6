/// Numbers by byte strings, in the order in which they came: a hash table that only grows.
struct BytesTable: Sendable {
    private var keys: [UInt8] = []
    /// Where the key of each entry ends; it begins where the one before ends.
    private var ends: [Int] = []
    private var values: [Int32] = []
    /// The high half of a key's hash, and below it its entry's number plus one; zero where empty.
    private var slots: [UInt64]

    /// - Parameter capacity: entries for which there shall be room without growing.
    init(capacity: Int = 8) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
    }

    var count: Int { values.count }

    func key(at entry: Int) -> ArraySlice<UInt8> { keys[range(of: entry)] }

    func value(at entry: Int) -> Int32 { values[entry] }

    /// The value of a key; nil where it has none.
    func value(_ key: UnsafeBufferPointer<UInt8>) -> Int32? {
        let found = slots[place(key, ByteHash.hash(key))]
        return found == 0 ? nil : values[Self.entry(found)]
    }

    /// Adds a key, or gives it another value.
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>, _ value: Int32) {
        let hash = ByteHash.hash(key)
        let place = place(key, hash)
        guard slots[place] == 0 else {
            values[Self.entry(slots[place])] = value
            return
        }
        keys.append(contentsOf: key)
        ends.append(keys.count)
        values.append(value)
        slots[place] = hash & Self.hashMask | UInt64(values.count)
        if values.count * 2 > slots.count { grow() }
    }

    private static let hashMask: UInt64 = 0xFFFF_FFFF_0000_0000

    private static func entry(_ slot: UInt64) -> Int { Int(slot & ~hashMask) - 1 }

    private func range(of entry: Int) -> Range<Int> {
        (entry == 0 ? 0 : ends[entry - 1])..<ends[entry]
    }

    /// The slot of a key, or the empty one where it would stand.
    private func place(_ key: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var index = Self.home(hash, mask)
        while slots[index] != 0 {
            if slots[index] & Self.hashMask == hash & Self.hashMask,
                isEqual(Self.entry(slots[index]), key)
            {
                return index
            }
            index = (index + 1) & mask
        }
        return index
    }

    /// The half of the hash that slots keep tells the place, so that growing needs no keys.
    private static func home(_ hash: UInt64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: hash >> 32) & mask
    }

    private func isEqual(_ entry: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let range = range(of: entry)
        guard range.count == key.count else { return false }
        for index in 0..<key.count where keys[range.lowerBound + index] != key[index] {
            return false
        }
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for slot in old where slot != 0 {
            var index = Self.home(slot, slots.count - 1)
            while slots[index] != 0 { index = (index + 1) & (slots.count - 1) }
            slots[index] = slot
        }
    }
}
