/// Reads the small JSON of a model's files, byte by byte and strictly.
///
/// A decoder would hide duplicate names, and that a number has a point or an exponent.
struct JSONScanner {
    struct Failure: Error {
        let reason: String
    }

    let bytes: UnsafeRawBufferPointer
    /// The part of a file that the offsets of sentences count from, if not the whole file.
    private let part: String
    var offset = 0

    /// Scans `bytes`; `part` follows each offset in a sentence.
    init(_ bytes: UnsafeRawBufferPointer, part: String = " of its header") {
        self.bytes = bytes
        self.part = part
    }

    func failure(_ reason: String, at place: Int) -> Failure {
        Failure(reason: "\(reason) at byte \(place)\(part)")
    }

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
            throw failure("'\(character)' was expected", at: offset)
        }
    }

    /// Calls `body` with each name of an object, the scanner standing before the value.
    mutating func object(
        _ body: (inout JSONScanner, String) throws(Failure) -> Void
    ) throws(Failure) {
        var names = Set<String>()
        try expect("{")
        guard !take("}") else { return }
        repeat {
            let name = try string()
            guard names.insert(name).inserted else {
                throw failure("the name \(name) stands twice, again before the value", at: offset)
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
                throw failure("a number is too large", at: start)
            }
            value = sum
            offset += 1
        }
        guard offset > start else {
            throw failure("a whole number was expected", at: start)
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
                throw failure("a control character stands in the string", at: start)
            }
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        try expect("\"")
        guard let string = String(validating: text, as: UTF8.self) else {
            throw failure("a string is not UTF-8", at: start)
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
            throw failure("an escape is unknown", at: offset)
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
            throw failure("an escape is half a character", at: offset)
        }
        text.append(contentsOf: Array(String(Character(scalar)).utf8))
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var unit = UInt32(0)
        for _ in 0..<4 {
            guard offset < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
            else { throw failure("an escape is unknown", at: offset) }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }
}
