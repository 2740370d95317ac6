/// What can be wrong with a message or a socket.
package enum WireError: Error, Equatable, CustomStringConvertible {
    /// A field does not fit into what is left of its frame.
    case truncated(field: String, offset: Int, need: Int, have: Int)
    /// A field holds what it may not.
    case badValue(field: String, expected: String, got: String)
    /// Bytes are left behind the last field.
    case trailingBytes(count: Int)
    /// The payload is not the one that the header announces.
    case payloadMismatch(expected: String, got: String)
    /// A message has another number of frames than two.
    case frameCount(got: Int)
    /// A call of libzmq failed.
    case socket(operation: String, endpoint: String, reason: String)
    /// An endpoint that cannot be used, and why.
    case badEndpoint(String, reason: String)

    /// The fault as one sentence for people; texts of a peer are never quoted.
    package var description: String {
        switch self {
        case .truncated(let field, let offset, let need, let have):
            "a message ends inside its field \(field): at byte \(offset) it needs \(need) bytes "
                + "and has \(have)"
        case .badValue(let field, let expected, let got):
            "a message's field \(field) holds \(got), expected \(expected)"
        case .trailingBytes(let count):
            "a message has \(count) bytes behind its last field"
        case .payloadMismatch(let expected, let got):
            "a message's payload has \(got), its header announces \(expected)"
        case .frameCount(let got):
            "a message has \(got) frames, expected a header and a payload"
        case .socket(let operation, let endpoint, let reason):
            "cannot \(operation) \(endpoint): \(reason)"
        case .badEndpoint(let endpoint, let reason):
            "the endpoint \(endpoint) cannot be used: \(reason)"
        }
    }
}
