import Glibc

/// The ids of words seen before: bounded, and no look-up takes more than a few steps.
///
/// Short words and their ids lie in the slots themselves. A word whose slots are all taken takes
/// the place of another, so that a text cannot make it slow.
struct WordCache: ~Copyable {
    private struct Slot {
        /// Up to 15 bytes of a word and, in the highest byte, their count.
        ///
        /// Of a longer word its hash, then `longMark`, its count and where it lies; both are zero
        /// in an empty slot.
        var low: UInt64
        var high: UInt64
        /// Up to three ids, or where more of them lie.
        var ids: (Int32, Int32, Int32)
        var count: Int32
    }

    /// A word as it is looked for.
    struct Key {
        fileprivate let bytes: UnsafePointer<UInt8>
        fileprivate let count: Int
        fileprivate let low: UInt64
        fileprivate let high: UInt64
        fileprivate let hash: UInt64
    }

    /// Longer words are rare, and not worth their room.
    static let bytesMax = 64
    private static let shortMax = 15
    private static let longMark: UInt64 = 0xFF << 56
    private static let slotCount = 1 << 16
    /// Slots in which a word may stand, from the one of its hash on.
    private static let stepCount = 8
    /// What lies outside of the slots; where it is full, all is forgotten.
    private static let valuesMax = 1 << 20
    private static let keyBytesMax = 1 << 20

    private let slots: UnsafeMutablePointer<Slot>
    private var values: [Int32] = []
    private var longKeys: [UInt8] = []
    /// Which of its slots the next word takes that finds none empty.
    private var victim = 0

    init() {
        // A word may stand in slots behind the last hash. Memory of zeros is taken as it is used.
        guard let memory = calloc(Self.slotCount + Self.stepCount, MemoryLayout<Slot>.stride)
        else { preconditionFailure("no memory for a cache of words") }
        slots = memory.assumingMemoryBound(to: Slot.self)
    }

    deinit {
        free(slots)
    }

    /// - Parameter readable: bytes that may be read from the word's first on, at least its own.
    @inline(__always)
    static func key(_ bytes: UnsafePointer<UInt8>, count: Int, readable: Int) -> Key {
        guard count <= shortMax else { return longKey(bytes, count) }
        var low: UInt64 = 0
        var high: UInt64 = 0
        if readable >= 16 {
            let raw = UnsafeRawPointer(bytes)
            low = raw.loadUnaligned(as: UInt64.self)
            if count < 8 {
                low &= (1 << UInt64(truncatingIfNeeded: count * 8)) &- 1
            } else {
                high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                high &= (1 << UInt64(truncatingIfNeeded: (count - 8) * 8)) &- 1
            }
        } else {
            for index in 0..<min(8, count) { low |= UInt64(bytes[index]) << UInt64(index * 8) }
            for index in 8..<max(8, count) {
                high |= UInt64(bytes[index]) << UInt64((index - 8) * 8)
            }
        }
        high |= UInt64(truncatingIfNeeded: count) << 56
        return Key(bytes: bytes, count: count, low: low, high: high, hash: ByteHash.mix(low, high))
    }

    private static func longKey(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Key {
        let hash = ByteHash.hash(UnsafeBufferPointer(start: bytes, count: count))
        let high = longMark | UInt64(truncatingIfNeeded: count) << 32
        return Key(bytes: bytes, count: count, low: hash, high: high, hash: hash)
    }

    /// Appends the ids of a word; false where it is not known.
    @inline(__always)
    func append(_ key: Key, to ids: inout TokenBuffer) -> Bool {
        let home = slots + Int(truncatingIfNeeded: key.hash & UInt64(Self.slotCount - 1))
        for step in 0..<Self.stepCount {
            let slot = home + step
            if slot.pointee.low == key.low, isSame(slot.pointee.high, key) {
                let count = Int(slot.pointee.count)
                if count <= 3 {
                    let room = ids.room(for: 3)
                    (room[0], room[1], room[2]) = slot.pointee.ids
                } else {
                    appendMany(slot.pointee.ids.0, count, &ids)
                }
                ids.commit(count)
                return true
            }
            if slot.pointee.high == 0 { return false }
        }
        return false
    }

    private func appendMany(_ start: Int32, _ count: Int, _ ids: inout TokenBuffer) {
        let room = ids.room(for: count)
        for index in 0..<count { room[index] = values[Int(start) + index] }
    }

    @inline(__always)
    private func isSame(_ high: UInt64, _ key: Key) -> Bool {
        if key.count <= Self.shortMax { return high == key.high }
        return high & ~0xFFFF_FFFF == key.high && isSameLong(Int(high & 0xFFFF_FFFF), key)
    }

    private func isSameLong(_ start: Int, _ key: Key) -> Bool {
        for index in 0..<key.count where longKeys[start + index] != key.bytes[index] {
            return false
        }
        return true
    }

    /// Keeps the ids of a word that is not known.
    mutating func insert(_ key: Key, _ ids: UnsafeBufferPointer<Int32>) {
        if values.count + ids.count > Self.valuesMax
            || longKeys.count + key.count > Self.keyBytesMax
        {
            forget()
        }
        let home = slots + Int(truncatingIfNeeded: key.hash & UInt64(Self.slotCount - 1))
        var step = (0..<Self.stepCount).first { home[$0].high == 0 }
        if step == nil {
            step = victim
            victim = (victim + 1) % Self.stepCount
        }
        var high = key.high
        if key.count > Self.shortMax {
            high |= UInt64(longKeys.count)
            longKeys.append(contentsOf: UnsafeBufferPointer(start: key.bytes, count: key.count))
        }
        var slot = Slot(low: key.low, high: high, ids: (0, 0, 0), count: Int32(ids.count))
        if ids.count <= 3 {
            if ids.count > 0 { slot.ids.0 = ids[0] }
            if ids.count > 1 { slot.ids.1 = ids[1] }
            if ids.count > 2 { slot.ids.2 = ids[2] }
        } else {
            slot.ids.0 = Int32(values.count)
            values.append(contentsOf: ids)
        }
        home[step ?? 0] = slot
    }

    private mutating func forget() {
        memset(slots, 0, (Self.slotCount + Self.stepCount) * MemoryLayout<Slot>.stride)
        values.removeAll(keepingCapacity: true)
        longKeys.removeAll(keepingCapacity: true)
    }
}
