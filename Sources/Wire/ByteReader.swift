/// Reads little-endian fields of a frame; every read is checked against the frame's end.
struct ByteReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ field: String,
        as type: Value.Type = Value.self
    ) throws(WireError) -> Value {
        let size = MemoryLayout<Value>.size
        try need(size, field)
        var value: Value = 0
        withUnsafeMutableBytes(of: &value) { target in
            for index in 0..<size { target[index] = bytes[offset + index] }
        }
        offset += size
        return Value(littleEndian: value)
    }

    mutating func flag(_ field: String) throws(WireError) -> Bool {
        let value: UInt8 = try integer(field)
        guard value <= 1 else { throw .badValue(field: field, expected: "0 or 1", got: "\(value)") }
        return value == 1
    }

    mutating func text(_ field: String) throws(WireError) -> String {
        let count = Int(try integer(field, as: UInt16.self))
        try need(count, field)
        let slice = bytes[offset..<offset + count]
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw .badValue(field: field, expected: "UTF-8 text", got: "other bytes")
        }
        offset += count
        return text
    }

    mutating func list<Element>(
        _ field: String,
        _ element: (inout ByteReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = Int(try integer(field, as: UInt16.self))
        guard count <= WireLimits.listCountMax else {
            throw .badValue(
                field: field,
                expected: "at most \(WireLimits.listCountMax) entries",
                got: "\(count)"
            )
        }
        var list: [Element] = []
        for _ in 0..<count { list.append(try element(&self)) }
        return list
    }

    func finish() throws(WireError) {
        guard offset == bytes.count else { throw .trailingBytes(count: bytes.count - offset) }
    }

    private func need(_ count: Int, _ field: String) throws(WireError) {
        guard bytes.count - offset >= count else {
            throw .truncated(
                field: field,
                offset: offset,
                need: count,
                have: bytes.count - offset
            )
        }
    }
}
