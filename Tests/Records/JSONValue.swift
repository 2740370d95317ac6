import FoundationEssentials

/// Any JSON value, read in full, so that Foundation looks at all of a text.
indirect enum JSONValue: Decodable {
    case scalar
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let object = try? container.decode([String: JSONValue].self) {
            self = .object(object)
        } else if let array = try? container.decode([JSONValue].self) {
            self = .array(array)
        } else {
            // The last one says what is wrong where it is none of these either.
            let isScalar = container.decodeNil() || (try? container.decode(Bool.self)) != nil
            if !isScalar { _ = try container.decode(Double.self) }
            self = .scalar
        }
    }

    /// How many levels of brackets there are.
    var depth: Int {
        switch self {
        case .scalar, .string: 0
        case .array(let values): 1 + (values.map(\.depth).max() ?? 0)
        case .object(let fields): 1 + (fields.values.map(\.depth).max() ?? 0)
        }
    }

    /// What Foundation makes of a text that is an object; nil where it refuses it.
    static func object(_ bytes: [UInt8]) -> JSONValue? {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
            case .object = value
        else { return nil }
        return value
    }
}
