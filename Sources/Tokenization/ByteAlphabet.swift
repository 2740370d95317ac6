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

    /// The bytes that a token stands for; nil where it holds another letter.
    static func bytes(of token: String) -> [UInt8]? {
        var result: [UInt8] = []
        return append(token, to: &result) ? result : nil
    }

    /// Appends the bytes that a token stands for; false, and nothing, for another letter in it.
    static func append(_ token: String, to result: inout [UInt8]) -> Bool {
        let start = result.count
        for scalar in token.unicodeScalars {
            let number = Int(scalar.value)
            guard number < bytes.count, bytes[number] >= 0 else {
                result.removeSubrange(start...)
                return false
            }
            result.append(UInt8(bytes[number]))
        }
        return true
    }
}
