/// One value of a model's JSON files; whole numbers apart from those with point or exponent.
enum JSONValue: Equatable, Sendable {
    case null
    case flag(Bool)
    case whole(Int)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
    var whole: Int? { if case .whole(let whole) = self { whole } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var list: [JSONValue]? { if case .list(let list) = self { list } else { nil } }
    var object: [String: JSONValue]? { if case .object(let object) = self { object } else { nil } }

    /// Any finite number.
    var number: Double? {
        switch self {
        case .whole(let whole): Double(whole)
        case .number(let number) where number.isFinite: number
        default: nil
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as a sentence about a field says it.
    var description: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .whole(let whole): "\(whole)"
        case .number(let number): "\(number)"
        case .text(let text): text.isEmpty ? "an empty string" : String(text.prefix(80))
        case .list(let list): "a list of \(list.count)"
        case .object(let object): "an object of \(object.count)"
        }
    }
}

extension JSONScanner {
    /// Lists and objects inside one another, at most.
    static let depthMax = 16

    /// Any value, the scanner standing before it.
    mutating func value(depth: Int = 0) throws(Failure) -> JSONValue {
        guard depth < JSONScanner.depthMax else {
            throw failure("more than \(JSONScanner.depthMax) lists and objects nest", at: offset)
        }
        switch peek() {
        case UInt8(ascii: "{"):
            var fields: [String: JSONValue] = [:]
            try object { scanner, name throws(Failure) in
                fields[name] = try scanner.value(depth: depth + 1)
            }
            return .object(fields)
        case UInt8(ascii: "["): return .list(try list(depth: depth))
        case UInt8(ascii: "\""): return .text(try string())
        default: return try word()
        }
    }

    private mutating func list(depth: Int) throws(Failure) -> [JSONValue] {
        var values: [JSONValue] = []
        try expect("[")
        guard !take("]") else { return [] }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        try expect("]")
        return values
    }

    /// A number, or one of the three words.
    private mutating func word() throws(Failure) -> JSONValue {
        let start = offset
        let end = [UInt8](" \t\r\n,]}".utf8)
        while offset < bytes.count, !end.contains(bytes[offset]) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch text {
        case "null": return .null
        case "true": return .flag(true)
        case "false": return .flag(false)
        default: break
        }
        guard JSONScanner.isNumber(text) else { throw failure("a value was expected", at: start) }
        if let whole = Int(text) { return .whole(whole) }
        guard let number = Double(text) else { throw failure("a value was expected", at: start) }
        return .number(number)
    }

    /// Whether `text` follows JSON's grammar of numbers, which Swift's own parsers do not ask for.
    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
        func digits() -> Bool {
            guard isDigit(rest.first) else { return false }
            rest = rest.drop { isDigit($0) }
            return true
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let leadingZero = rest.first == UInt8(ascii: "0") && isDigit(rest.dropFirst().first)
        guard !leadingZero, digits() else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
            guard digits() else { return false }
        }
        return rest.isEmpty
    }
}
