/// Puts a decoder's error into words.
enum JSONFault {
    /// Names the field, what was expected and, where it is known, what was found.
    static func describe(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context):
            "the field \(path(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context):
            "the field \(path(context.codingPath)) is not of the type \(type)"
        case .valueNotFound(let type, let context):
            "the field \(path(context.codingPath)) is null where \(type) is expected"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not valid JSON"
                : "the field \(path(context.codingPath)) is not valid: \(context.debugDescription)"
        default:
            "\(error)"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        if keys.isEmpty { return "at the top" }
        return keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}
