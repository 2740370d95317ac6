/// Reads those parts of a JSON file that are large and simple, without a value for each of them.
struct JSONScanner {
    private let bytes: [UInt8]
    private let path: String
    private(set) var place = 0

    init(_ bytes: [UInt8], path: String) throws(TokenizerError) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let offset = error.byteOffsets.lowerBound
            throw .malformed(path: path, what: "it is not UTF-8 at byte \(offset + 1)")
        }
        self.bytes = bytes
        self.path = path
    }

    /// The next byte that is no white space; it is not taken.
    mutating func peek() -> UInt8? {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x0A, 0x0D, 0x09: place += 1
            case let byte: return byte
            }
        }
        return nil
    }

    mutating func take(_ byte: UInt8) throws(TokenizerError) {
        guard peek() == byte else { throw broken() }
        place += 1
    }

    /// Whether an array or object goes on; takes its comma, or its end.
    mutating func goesOn(
        until end: UInt8,
        _ isFirst: inout Bool
    ) throws(TokenizerError) -> Bool {
        if peek() == end {
            place += 1
            return false
        }
        if !isFirst {
            try take(UInt8(ascii: ","))
            if peek() == end { throw broken() }
        }
        isFirst = false
        return true
    }

    /// Appends the bytes of a string.
    mutating func string(into text: inout [UInt8]) throws(TokenizerError) {
        try take(UInt8(ascii: "\""))
        var start = place
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                text.append(contentsOf: bytes[start..<place])
                place += 1
                return
            case UInt8(ascii: "\\"):
                text.append(contentsOf: bytes[start..<place])
                try escape(into: &text)
                start = place
            case ..<0x20: throw broken()
            default: place += 1
            }
        }
        throw broken()
    }

    /// A whole number.
    mutating func integer() throws(TokenizerError) -> Int32 {
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { place += 1 }
        let start = place
        var value = 0
        while place < bytes.count, (0x30...0x39).contains(bytes[place]), value <= Int32.max {
            value = value * 10 + Int(bytes[place] & 0x0F)
            place += 1
        }
        guard place > start, let result = Int32(exactly: isNegative ? -value : value) else {
            throw broken()
        }
        return result
    }

    /// Passes over a value of any kind; whether it is sound is for others to say.
    mutating func skipValue() throws(TokenizerError) {
        var depth = 0
        repeat {
            guard let byte = peek() else { throw broken() }
            switch byte {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                place += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                place += 1
                if depth < 0 { throw broken() }
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                place += 1
                if depth == 0 { throw broken() }
            default: skipWord()
            }
        } while depth > 0
    }

    /// What is wrong, at this place.
    func broken() -> TokenizerError {
        .malformed(path: path, what: "it cannot be read as JSON from byte \(place + 1) on")
    }

    private mutating func skipString() throws(TokenizerError) {
        place += 1
        while place < bytes.count {
            let byte = bytes[place]
            place += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw broken()
    }

    /// Passes over a number, true, false or null.
    private mutating func skipWord() {
        while place < bytes.count, !Self.endsWord(bytes[place]) { place += 1 }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""):
            true
        default: false
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(TokenizerError) {
        guard place + 1 < bytes.count else { throw broken() }
        place += 2
        switch bytes[place - 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            text.append(bytes[place - 1])
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try character(into: &text)
        default: throw broken()
        }
    }

    /// A character by its number, or by the two halves of one beyond U+FFFF.
    private mutating func character(into text: inout [UInt8]) throws(TokenizerError) {
        var number = try fourDigits()
        if (0xD800..<0xDC00).contains(number), place + 1 < bytes.count,
            bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
        {
            place += 2
            let low = try fourDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw broken() }
            number = 0x10000 + (number - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(number), let encoded = UTF8.encode(scalar) else {
            throw broken()
        }
        text.append(contentsOf: encoded)
    }

    private mutating func fourDigits() throws(TokenizerError) -> UInt32 {
        guard place + 4 <= bytes.count else { throw broken() }
        var number: UInt32 = 0
        for byte in bytes[place..<place + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw broken() }
            number = number << 4 | UInt32(digit)
        }
        place += 4
        return number
    }
}
