/// Makes valid UTF-8 of any bytes, piece by piece: what can become no character is U+FFFD.
///
/// Of a broken sequence the longest part that could begin a character is one U+FFFD, any other byte
/// one each: Unicode's "maximal subparts", as in Rust's `from_utf8_lossy`.
struct UTF8Repair: Sendable {
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
    private static let continuation: ClosedRange<UInt8> = 0x80...0xBF

    /// The beginning of a character, at most three bytes.
    private var pending: [UInt8] = []
    /// Bytes that the character still lacks.
    private var missingCount = 0
    /// What the next of them may be.
    private var expected = continuation

    /// Appends what can no longer change, and keeps the beginning of a character for later.
    mutating func append(_ bytes: some Sequence<UInt8>, to text: inout [UInt8]) {
        for byte in bytes {
            if missingCount == 0 {
                begin(byte, &text)
            } else if expected.contains(byte) {
                pending.append(byte)
                missingCount -= 1
                expected = Self.continuation
                if missingCount == 0 {
                    text += pending
                    pending.removeAll(keepingCapacity: true)
                }
            } else {
                finish(&text)
                begin(byte, &text)
            }
        }
    }

    /// Appends U+FFFD where the bytes ended inside a character.
    mutating func finish(_ text: inout [UInt8]) {
        guard missingCount > 0 else { return }
        text += Self.replacement
        pending.removeAll(keepingCapacity: true)
        missingCount = 0
        expected = Self.continuation
    }

    /// Takes a byte with which a character should begin: table 3-7 of the Unicode standard.
    private mutating func begin(_ byte: UInt8, _ text: inout [UInt8]) {
        switch byte {
        case 0x00...0x7F: text.append(byte)
        case 0xC2...0xDF: hold(byte, missing: 1)
        case 0xE0: hold(byte, missing: 2, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: hold(byte, missing: 2)
        case 0xED: hold(byte, missing: 2, 0x80...0x9F)
        case 0xF0: hold(byte, missing: 3, 0x90...0xBF)
        case 0xF1...0xF3: hold(byte, missing: 3)
        case 0xF4: hold(byte, missing: 3, 0x80...0x8F)
        default: text += Self.replacement
        }
    }

    private mutating func hold(
        _ byte: UInt8,
        missing count: Int,
        _ expected: ClosedRange<UInt8> = continuation
    ) {
        pending.append(byte)
        missingCount = count
        self.expected = expected
    }
}
