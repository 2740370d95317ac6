/// Byte-pair encoding of one word: its bytes, merged by rank.
struct BytePairModel: Sendable {
    /// The id of each byte's own token; -1 where the vocabulary has none.
    let byteIDs: [Int32]
    let merges: MergeTable
    /// Between which bytes merges can join; between others a word is cut before it is merged.
    let joints: ByteJoints
    /// Whole words by their bytes, where these are taken whole, whatever the merges would give.
    let words: BytesTable?

    /// Appends the ids of a word.
    func append(
        _ word: UnsafeBufferPointer<UInt8>,
        to ids: inout TokenBuffer,
        _ merger: inout WordMerger
    ) {
        if let words, let id = words.value(word) { return ids.append(id) }
        merger.prepare(count: word.count)
        var count = 0
        var previous: UInt8 = 0
        for byte in word where byteIDs[Int(byte)] >= 0 {
            if count > 0, !joints.has(previous, byte) {
                flush(count, to: &ids, &merger)
                count = 0
            }
            merger.symbols[count] = byteIDs[Int(byte)]
            count += 1
            previous = byte
        }
        flush(count, to: &ids, &merger)
    }

    /// Merges a part of a word, and appends what is left.
    @inline(__always)
    private func flush(_ partCount: Int, to ids: inout TokenBuffer, _ merger: inout WordMerger) {
        let count = merger.merge(count: partCount, merges)
        ids.room(for: count).update(from: merger.symbols, count: count)
        ids.commit(count)
    }
}

/// Pairs of neighbouring bytes that some merge joins.
///
/// Whatever is merged on either side, no token can grow across two other bytes. So a word falls
/// into parts that are merged by themselves, with the same result and, as they are short, sooner.
struct ByteJoints: Sendable {
    private var bits = [UInt64](repeating: 0, count: 1 << 10)

    /// Any byte may be joined to any other.
    static let all: ByteJoints = {
        var joints = ByteJoints()
        joints.bits = joints.bits.map { ~$0 }
        return joints
    }()

    mutating func insert(_ left: UInt8, _ right: UInt8) {
        let number = Int(left) << 8 | Int(right)
        bits[number >> 6] |= 1 << UInt64(number & 63)
    }

    @inline(__always)
    func has(_ left: UInt8, _ right: UInt8) -> Bool {
        let number = Int(left) << 8 | Int(right)
        return bits[number >> 6] >> UInt64(number & 63) & 1 != 0
    }
}
