/// The letters by which byte-level tokenizers write bytes in their files.
///
/// Printable bytes stand for themselves, all others for letters from U+0100 on, in order.
enum ByteAlphabet {
    /// The letter of each byte.
    static let scalars: [Unicode.Scalar] = {
        var scalars: [Unicode.Scalar] = []
        var next: UInt32 = 0x100
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                scalars.append(Unicode.Scalar(byte))
            default:
                scalars.append(Unicode.Scalar(next) ?? "?")
                next += 1
            }
        }
        return scalars
    }()

    /// The byte of each letter, at the letter's number; -1 between the letters.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x180)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
        return bytes
    }()

    /// The spelling of a byte.
    static func name(of byte: UInt8) -> [UInt8] {
        Array(String(Character(scalars[Int(byte)])).utf8)
    }

    /// The bytes that a token stands for; nil where it holds another letter.
    static func bytes(of token: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        return append(token, to: &result) ? result : nil
    }

    /// Appends the bytes that a token stands for; false, and nothing, for another letter in it.
    ///
    /// The token is UTF-8; all letters of the alphabet have one byte or two.
    static func append(_ token: ArraySlice<UInt8>, to result: inout [UInt8]) -> Bool {
        let start = result.count
        var place = token.startIndex
        while place < token.endIndex {
            var number = Int(token[place])
            place += 1
            if number >= 0x80, place < token.endIndex {
                number = number < 0xE0 ? (number & 0x1F) << 6 | Int(token[place] & 0x3F) : .max
                place += 1
            }
            guard number < bytes.count, bytes[number] >= 0 else {
                result.removeSubrange(start...)
                return false
            }
            result.append(UInt8(bytes[number]))
        }
        return true
    }
}
