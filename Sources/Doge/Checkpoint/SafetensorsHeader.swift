/// How a weights file stores its numbers; others are refused where a tensor of the model has them.
enum StoredType: String {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    // Known to the format, with their sizes, so that tensors of no interest can be passed over.
    case f64 = "F64"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u64 = "U64"
    case u32 = "U32"
    case u16 = "U16"
    case u8 = "U8"
    case bool = "BOOL"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"

    var byteCount: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool, .f8e4m3, .f8e5m2: 1
        }
    }
}

/// One tensor of a weights file; its bytes count from the start of the file.
struct TensorEntry {
    let name: String
    let type: StoredType
    let shape: [Int]
    let bytes: Range<Int>
}

/// The header of a safetensors file, checked whole: 8 bytes of length, JSON, then data without gap.
struct SafetensorsHeader {
    static let lengthMax = 16 << 20
    static let tensorCountMax = 65_536
    static let rankMax = 8

    let entries: [TensorEntry]

    init(_ file: borrowing MappedFile) throws(ModelError) {
        let path = file.path
        let length = try SafetensorsHeader.length(file)
        let text = UnsafeRawBufferPointer(rebasing: file.bytes[8..<8 + length])
        var scanner = JSONScanner(text)
        var found: [TensorEntry] = []
        do throws(JSONScanner.Failure) {
            try scanner.object { scanner, name throws(JSONScanner.Failure) in
                if name == "__metadata__" {
                    try scanner.object { scanner, _ throws(JSONScanner.Failure) in
                        _ = try scanner.string()
                    }
                    return
                }
                guard found.count < SafetensorsHeader.tensorCountMax else {
                    throw .init(reason: "it names more than \(Self.tensorCountMax) tensors")
                }
                found.append(try SafetensorsHeader.entry(&scanner, name, dataStart: 8 + length))
            }
            guard scanner.peek() == nil else {
                throw .init(reason: "its header goes on after its end at byte \(scanner.offset)")
            }
        } catch {
            throw .badHeader(path: path, reason: error.reason)
        }
        entries = found
        try SafetensorsHeader.checkCover(found, path: path, data: 8 + length..<file.bytes.count)
    }

    private static func length(_ file: borrowing MappedFile) throws(ModelError) -> Int {
        let path = file.path
        guard file.bytes.count >= 10 else {
            throw .badHeader(path: path, reason: "it has \(file.bytes.count) bytes, fewer than 10")
        }
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard length >= 2, length <= UInt64(lengthMax), length <= UInt64(file.bytes.count - 8)
        else {
            throw .badHeader(
                path: path,
                reason: "its header should take 2 to \(min(lengthMax, file.bytes.count - 8)) "
                    + "bytes, but says \(length)"
            )
        }
        guard file.bytes[8] == UInt8(ascii: "{") else {
            throw .badHeader(path: path, reason: "its header does not begin with '{'")
        }
        return Int(length)
    }

    private static func entry(
        _ scanner: inout JSONScanner,
        _ name: String,
        dataStart: Int
    ) throws(JSONScanner.Failure) -> TensorEntry {
        var type: StoredType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, field throws(JSONScanner.Failure) in
            switch field {
            case "dtype":
                let text = try scanner.string()
                type = StoredType(rawValue: text)
                guard type != nil else {
                    throw .init(reason: "tensor \(name) has the unknown type \(text)")
                }
            case "shape": shape = try scanner.integers(limit: rankMax)
            case "data_offsets": offsets = try scanner.integers(limit: 2)
            default: throw .init(reason: "tensor \(name) has the unknown field \(field)")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw .init(reason: "tensor \(name) lacks its dtype, shape or two data_offsets")
        }
        guard offsets[0] <= offsets[1], offsets[1] <= Int.max - dataStart else {
            throw .init(reason: "tensor \(name) lies from \(offsets[0]) to \(offsets[1])")
        }
        var size = type.byteCount
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .init(reason: "tensor \(name) is too large to count") }
            size = product
        }
        guard offsets[1] - offsets[0] == size else {
            throw .init(
                reason: "tensor \(name) of shape \(shape) must take \(size) bytes, "
                    + "but has \(offsets[1] - offsets[0])"
            )
        }
        let bytes = dataStart + offsets[0]..<dataStart + offsets[1]
        return TensorEntry(name: name, type: type, shape: shape, bytes: bytes)
    }

    /// The tensors must cover the data one after another, from its first byte to its last.
    private static func checkCover(
        _ entries: [TensorEntry],
        path: String,
        data: Range<Int>
    ) throws(ModelError) {
        var end = data.lowerBound
        let inOrder = entries.sorted {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        for entry in inOrder {
            guard entry.bytes.lowerBound == end else {
                throw .badHeader(
                    path: path,
                    reason: "tensor \(entry.name) should begin at byte \(end), "
                        + "but begins at \(entry.bytes.lowerBound)"
                )
            }
            end = entry.bytes.upperBound
        }
        guard end == data.upperBound else {
            throw .badHeader(
                path: path,
                reason: "its tensors end at byte \(end), but the file at \(data.upperBound)"
            )
        }
    }
}
