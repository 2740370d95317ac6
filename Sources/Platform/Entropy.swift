private import CLinux

/// Random bits from the kernel, for names that must never repeat.
package enum Entropy {
    /// 64 random bits.
    package static func bits() -> UInt64 {
        var value: UInt64 = 0
        let count = withUnsafeMutableBytes(of: &value) { getrandom($0.baseAddress, $0.count, 0) }
        precondition(count == 8, "getrandom gives eight bytes once the kernel is up")
        return value
    }

    /// 128 random bits as 26 letters and digits of Crockford's base 32, without I, L, O and U.
    package static func identifier() -> String {
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        var high = bits()
        var low = bits()
        var letters = [UInt8](repeating: 0, count: 26)
        for index in letters.indices.reversed() {
            letters[index] = alphabet[Int(low & 31)]
            low = low >> 5 | high << 59
            high >>= 5
        }
        return String(decoding: letters, as: UTF8.self)
    }
}
