/// Which two tokens become which one, and in what order of preference.
///
/// Open addressing over pairs of ids packed into 64 bits: one look-up, mostly in one line of the
/// cache, for each pair of a word. Sendable as it is only read once it is built.
final class MergeTable: @unchecked Sendable {
    private struct Slot {
        var key: UInt64
        var merge: Merge
    }

    /// What becomes of a pair.
    struct Merge {
        /// The lower is merged first.
        let rank: Int32
        let id: Int32

        /// For a pair that is never merged: behind all others.
        static let none = Merge(rank: .max, id: -1)
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int
    private static let empty = UInt64.max

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = .allocate(capacity: size)
        slots.initialize(repeating: Slot(key: Self.empty, merge: .none), count: size)
        mask = size - 1
    }

    deinit {
        slots.deallocate()
    }

    /// Adds a merge; of one that stands twice the later counts, as in the tokenizers package.
    func insert(_ left: Int32, _ right: Int32, rank: Int32, merged id: Int32) {
        let key = Self.key(left, right)
        place(key).pointee = Slot(key: key, merge: Merge(rank: rank, id: id))
    }

    /// What becomes of a pair; `none` where it is never merged.
    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> Merge {
        place(Self.key(left, right)).pointee.merge
    }

    /// The slot of a pair, or the empty one where it would stand.
    @inline(__always)
    private func place(_ key: UInt64) -> UnsafeMutablePointer<Slot> {
        var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
        while slots[index].key != key, slots[index].key != Self.empty {
            index = (index &+ 1) & mask
        }
        return slots + index
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
