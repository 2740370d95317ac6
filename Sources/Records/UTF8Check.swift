/// Finds bytes that are no UTF-8.
package enum UTF8Check {
    /// Offset of the first byte of the first sequence that is not UTF-8; nil where all is.
    package static func firstInvalidByte(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                index += 1
                continue
            }
            guard let length = sequenceLength(bytes, at: index) else { return index }
            index += length
        }
        return nil
    }

    /// Length of the multi-byte sequence at `index`, by table 3-7 of the Unicode standard.
    private static func sequenceLength(
        _ bytes: UnsafeBufferPointer<UInt8>,
        at index: Int
    ) -> Int? {
        let second: ClosedRange<UInt8>
        let length: Int
        switch bytes[index] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: return nil
        }
        guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return nil }
        for continuation in index + 2..<max(index + 2, index + length)
        where bytes[continuation] & 0xC0 != 0x80 {
            return nil
        }
        return length
    }
}
