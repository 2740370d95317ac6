/// A hash table from short byte strings to lists of numbers: open addressing, bounded, no removal.
struct BytesTable {
    private struct Slot {
        var hash: UInt64 = 0
        var keyStart: UInt32 = 0
        var keyCount: UInt32 = 0
        var valueStart: UInt32 = 0
        /// Count of values plus one; zero marks an empty slot.
        var valueCountPlusOne: UInt32 = 0
    }

    private var slots: [Slot]
    private var keys: [UInt8] = []
    private var values: [Int32] = []
    private(set) var count = 0

    /// - Parameter capacity: entries that it shall hold; the table is twice as large.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [Slot](repeating: Slot(), count: size)
    }

    /// Whether one more entry would crowd the table.
    var isFull: Bool { count * 2 >= slots.count || keys.count > 1 << 28 }

    /// Appends the values of a key; false where it has none.
    func append(_ key: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) -> Bool {
        let slot = slots[place(key, Self.hash(key))]
        guard slot.valueCountPlusOne > 0 else { return false }
        let start = Int(slot.valueStart)
        ids.append(contentsOf: values[start..<start + Int(slot.valueCountPlusOne) - 1])
        return true
    }

    /// The one value of a key.
    func value(_ key: UnsafeBufferPointer<UInt8>) -> Int32? {
        let slot = slots[place(key, Self.hash(key))]
        return slot.valueCountPlusOne == 2 ? values[Int(slot.valueStart)] : nil
    }

    /// Adds a key that is not there yet, unless the table is full.
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>, _ new: ArraySlice<Int32>) {
        guard !isFull else { return }
        let hash = Self.hash(key)
        let place = place(key, hash)
        guard slots[place].valueCountPlusOne == 0 else { return }
        slots[place] = Slot(
            hash: hash,
            keyStart: UInt32(keys.count),
            keyCount: UInt32(key.count),
            valueStart: UInt32(values.count),
            valueCountPlusOne: UInt32(new.count + 1)
        )
        keys.append(contentsOf: key)
        values.append(contentsOf: new)
        count += 1
    }

    /// The slot of a key, or the empty one where it would stand.
    private func place(_ key: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[index]
            if slot.valueCountPlusOne == 0 { return index }
            if slot.hash == hash, Int(slot.keyCount) == key.count, isEqual(slot, key) {
                return index
            }
            index = (index + 1) & mask
        }
    }

    private func isEqual(_ slot: Slot, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = Int(slot.keyStart)
        for index in 0..<key.count where keys[start + index] != key[index] { return false }
        return true
    }

    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash ^ hash >> 29
    }
}
