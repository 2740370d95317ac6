/// Classes of the characters around a place in a text.
enum TextClass {
    /// Where the white space that ends at `end` begins.
    static func spaceStart(_ text: UnsafeBufferPointer<UInt8>, before end: Int) -> Int {
        var place = end
        while let scalar = scalar(text, before: place), scalar.properties.isWhitespace {
            place -= UTF8.width(scalar)
        }
        return place
    }

    /// Where the white space that begins at `start` ends.
    static func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, after start: Int) -> Int {
        var place = start
        while let scalar = scalar(text, at: place), scalar.properties.isWhitespace {
            place += UTF8.width(scalar)
        }
        return place
    }

    /// Whether a character is part of a word, as \w of Unicode's annex on expressions.
    static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let properties = scalar?.properties else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }

    static func scalar(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> Unicode.Scalar? {
        guard start < text.count else { return nil }
        var iterator = text[start..<min(start + 4, text.count)].makeIterator()
        var decoder = UTF8()
        if case .scalarValue(let scalar) = decoder.decode(&iterator) { return scalar }
        return nil
    }

    static func scalar(_ text: UnsafeBufferPointer<UInt8>, before end: Int) -> Unicode.Scalar? {
        guard end > 0 else { return nil }
        var start = end - 1
        while start > 0, end - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(text, at: start)
    }
}
