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
