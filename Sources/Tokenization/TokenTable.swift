/// The bytes of every token by its id, one behind the other.
struct TokenTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where the bytes of each id end; they begin where those of the id before end.
    private var ends: [UInt32] = []
    private var special: Set<Int32> = []

    /// - Parameters:
    ///   - names: the tokens as the file spells them, each at its id; nil where there is none.
    ///   - special: ids that a reader of the text need not see.
    init(names: [ArraySlice<UInt8>?], special: Set<Int32>) {
        self.special = special
        ends.reserveCapacity(names.count)
        for name in names {
            // As in the tokenizers package: a name in the alphabet stands for bytes, even that of
            // an added token, and any other for itself.
            if let name, !ByteAlphabet.append(name, to: &bytes) { bytes += name }
            ends.append(UInt32(bytes.count))
        }
    }

    /// Nothing for an id without a token.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < ends.count else { return [] }
        let start = id == 0 ? 0 : Int(ends[Int(id) - 1])
        return bytes[start..<Int(ends[Int(id)])]
    }

    func isSpecial(_ id: Int32) -> Bool { special.contains(id) }
}
