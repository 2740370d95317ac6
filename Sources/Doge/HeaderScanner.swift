/// Reads the small JSON that safetensors headers are made of, byte by byte and strictly.
///
/// A decoder would hide duplicate names and accept numbers such as 1e3 or -0; here both are errors.
struct HeaderScanner {
    struct Failure: Error {
        let reason: String
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Passes over white space and returns the next byte without taking it.
    mutating func peek() -> UInt8? {
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
        return offset < bytes.count ? bytes[offset] : nil
    }

    /// Takes the character if it is next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
        guard take(character) else {
            throw Failure(reason: "'\(character)' was expected at byte \(offset) of its header")
        }
    }

    /// Calls `body` with each name of an object, the scanner standing before the value.
    mutating func object(
        _ body: (inout HeaderScanner, String) throws(Failure) -> Void
    ) throws(Failure) {
        var names = Set<String>()
        try expect("{")
        guard !take("}") else { return }
        repeat {
            let name = try string()
            guard names.insert(name).inserted else {
                throw Failure(reason: "the name \(name) stands twice in its header")
            }
            try expect(":")
            try body(&self, name)
        } while take(",")
        try expect("}")
    }

    /// A list of at most `limit` whole numbers.
    mutating func integers(limit: Int) throws(Failure) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        guard !take("]") else { return [] }
        repeat {
            guard numbers.count < limit else {
                throw Failure(reason: "a list of more than \(limit) numbers ends at byte \(offset)")
            }
            numbers.append(try integer())
        } while take(",")
        try expect("]")
        return numbers
    }

    private mutating func integer() throws(Failure) -> Int {
        _ = peek()
        let start = offset
        var value = 0
        while offset < bytes.count, case let digit = bytes[offset], digit >= 0x30, digit <= 0x39 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
            guard !overflow, !carry else {
                throw Failure(reason: "the number at byte \(start) of its header is too large")
            }
            value = sum
            offset += 1
        }
        guard offset > start else {
            throw Failure(reason: "a whole number was expected at byte \(start) of its header")
        }
        return value
    }

    mutating func string() throws(Failure) -> String {
        try expect("\"")
        let start = offset
        var text: [UInt8] = []
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            let byte = bytes[offset]
            offset += 1
            guard byte >= 0x20 else {
                throw Failure(reason: "a control character stands in the string at byte \(start)")
            }
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        try expect("\"")
        guard let string = String(validating: text, as: UTF8.self) else {
            throw Failure(reason: "the string at byte \(start) of its header is not UTF-8")
        }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        let simple: [UInt8: UInt8] = [
            0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
        ]
        guard offset < bytes.count else { return }
        let letter = bytes[offset]
        offset += 1
        if let byte = simple[letter] { return text.append(byte) }
        guard letter == UInt8(ascii: "u") else {
            throw Failure(reason: "the escape at byte \(offset) of its header is unknown")
        }
        var unit = try hexadecimal()
        if unit & 0xFC00 == 0xD800, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        {
            offset += 2
            let low = try hexadecimal()
            // A lone or reversed half stays what it is and fails below.
            if low & 0xFC00 == 0xDC00 { unit = 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF) }
        }
        guard let scalar = Unicode.Scalar(unit) else {
            throw Failure(reason: "the escape at byte \(offset) of its header is half a character")
        }
        text.append(contentsOf: Array(String(Character(scalar)).utf8))
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var unit = UInt32(0)
        for _ in 0..<4 {
            guard offset < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
            else { throw Failure(reason: "the escape at byte \(offset) of its header is unknown") }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }
}
