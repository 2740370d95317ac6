/// Appends little-endian fields to a frame.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// A text with its length in front, two bytes.
    mutating func append(_ text: String) {
        let utf8 = Array(text.utf8)
        precondition(utf8.count <= WireLimits.headerBytesMax, "a text must fit into the header")
        append(UInt16(utf8.count))
        bytes += utf8
    }

    /// A text for people, cut between two characters where it is longer than it may be.
    mutating func append(cut text: String) {
        var end = text.startIndex
        var byteCount = 0
        for index in text.unicodeScalars.indices {
            byteCount += UTF8.width(text.unicodeScalars[index])
            guard byteCount <= WireLimits.textBytesMax else { break }
            end = text.unicodeScalars.index(after: index)
        }
        append(String(text.unicodeScalars[..<end]))
    }

    /// A list with its count in front, two bytes.
    mutating func append<Element>(
        _ list: [Element],
        _ element: (inout ByteWriter, Element) -> Void
    ) {
        precondition(list.count <= WireLimits.listCountMax, "a list must fit into the header")
        append(UInt16(list.count))
        for value in list { element(&self, value) }
    }
}
