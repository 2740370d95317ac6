/// Walks over one JSON text (RFC 8259) byte by byte, without building anything.
///
/// It exists because ids and carried fields must pass through untouched, with the spelling of every
/// number, which no decoder into values keeps. Depth is bounded, so no input can exhaust the stack.
struct JSONScanner {
    /// What is wrong with a text, and at which byte, from 0.
    struct Failure: Error, Equatable {
        let offset: Int
        /// What was expected there, as a phrase.
        let expected: String
    }

    /// Nesting above which a text is refused.
    static let depthMax = 32

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var offset = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Visits each field of the one object that the text holds; ranges include a string's quotes.
    mutating func fields(
        _ visit: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) throws(Failure) {
        skipSpace()
        try expect(UInt8(ascii: "{"), "a JSON object")
        skipSpace()
        if take(UInt8(ascii: "}")) { return try finish() }
        while true {
            skipSpace()
            let nameStart = offset
            try string("a field's name in quotes")
            let name = nameStart..<offset
            skipSpace()
            try expect(UInt8(ascii: ":"), "a colon")
            skipSpace()
            let valueStart = offset
            try value()
            visit(name, valueStart..<offset)
            skipSpace()
            if take(UInt8(ascii: "}")) { return try finish() }
            try expect(UInt8(ascii: ","), "a comma or a closing brace")
        }
    }

    /// Visits each element of the one array that the text holds.
    mutating func elements(_ visit: (_ value: Range<Int>) -> Void) throws(Failure) {
        skipSpace()
        try expect(UInt8(ascii: "["), "an array")
        skipSpace()
        if take(UInt8(ascii: "]")) { return try finish() }
        while true {
            skipSpace()
            let start = offset
            try value()
            visit(start..<offset)
            skipSpace()
            if take(UInt8(ascii: "]")) { return try finish() }
            try expect(UInt8(ascii: ","), "a comma or a closing bracket")
        }
    }

    private mutating func finish() throws(Failure) {
        skipSpace()
        guard offset == bytes.count else { throw failure("the end of the line") }
    }

    /// One value of any kind; open brackets are kept in a small stack of bits, not in calls.
    private mutating func value() throws(Failure) {
        var isObject: UInt64 = 0
        var depth = 1
        repeat {
            skipSpace()
            guard let byte = peek else { throw failure("a value") }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                offset += 1
                depth += 1
                guard depth <= Self.depthMax else {
                    throw failure("at most \(Self.depthMax) levels of nesting")
                }
                let object = byte == UInt8(ascii: "{")
                isObject = isObject << 1 | (object ? 1 : 0)
                skipSpace()
                if take(object ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    depth -= 1
                    isObject >>= 1
                    break
                }
                if object { try key() }
                continue
            default:
                try scalar(byte)
            }
            // A value has ended: close what it ends, or go on to the next one.
            while depth > 1 {
                skipSpace()
                if take(UInt8(ascii: ",")) {
                    if isObject & 1 == 1 {
                        skipSpace()
                        try key()
                    }
                    break
                }
                let close = isObject & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")
                try expect(close, "a comma or a closing bracket")
                depth -= 1
                isObject >>= 1
            }
        } while depth > 1
    }

    private mutating func key() throws(Failure) {
        try string("a field's name in quotes")
        skipSpace()
        try expect(UInt8(ascii: ":"), "a colon")
    }

    private mutating func scalar(_ byte: UInt8) throws(Failure) {
        switch byte {
        case UInt8(ascii: "\""): try string("a string")
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    private mutating func word(_ text: StaticString) throws(Failure) {
        for index in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[index]) else { throw failure("the word \(text)") }
        }
    }

    private mutating func number() throws(Failure) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits("a value") }
        if take(UInt8(ascii: ".")) { try digits("a digit") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits("a digit")
        }
    }

    private mutating func digits(_ expected: String) throws(Failure) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        guard offset > start else { throw failure(expected) }
    }

    private mutating func string(_ expected: String) throws(Failure) {
        try expect(UInt8(ascii: "\""), expected)
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20:
                offset -= 1
                throw failure("an escape in place of a control character")
            default: break
            }
        }
        throw failure("a closing quote")
    }

    private mutating func escape() throws(Failure) {
        guard let byte = peek else { throw failure("a closing quote") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            guard (0xD800...0xDFFF).contains(unit) else { return }
            guard unit < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")),
                (0xDC00...0xDFFF).contains(try hexadecimal())
            else { throw failure("both halves of a surrogate pair") }
        default:
            offset -= 1
            throw failure("a known escape after the backslash")
        }
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        guard offset + 4 <= bytes.count,
            let value = JSONText.hexadecimal(bytes, at: offset)
        else { throw failure("four hexadecimal digits") }
        offset += 4
        return value
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ expected: String) throws(Failure) {
        guard take(byte) else { throw failure(expected) }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            offset += 1
        }
    }

    private func failure(_ expected: String) -> Failure {
        Failure(offset: offset, expected: expected)
    }
}
