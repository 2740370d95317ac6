import FoundationEssentials

/// An answer to a request.
package struct HTTPResponse: Sendable, Equatable {
    /// The status, such as 200.
    package var status: Int
    /// The body's bytes.
    package var body: [UInt8]
    /// The media type of the body.
    package var contentType: String
    /// Further headers by name; the client leaves them empty.
    package var headers: [String: String]

    /// Makes a response of its parts.
    package init(
        status: Int = 200,
        body: [UInt8] = [],
        contentType: String = "application/json",
        headers: [String: String] = [:]
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.headers = headers
    }

    /// Makes a response of a value as JSON with sorted keys, so that equal values have equal bytes.
    ///
    /// A value that JSON cannot hold, such as a number that is not finite, becomes a problem of
    /// status 500: the client learns of it, and the server goes on.
    package static func json(_ value: some Encodable, status: Int = 200) -> Self {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Self(status: status, body: Array(try encoder.encode(value)))
        } catch {
            return problem(
                status: 500,
                code: "unencodable",
                message: "the answer does not fit JSON: \(error)"
            )
        }
    }

    /// Makes a refusal: `{"error": {"code", "message"}}`.
    package static func problem(status: Int, code: String, message: String) -> Self {
        json(Problem(error: .init(code: code, message: message)), status: status)
    }

    /// Reads the body of a success as JSON; a refusal is thrown as the problem it tells of.
    package func value<Value: Decodable>(as type: Value.Type) throws(GatewayError) -> Value {
        try check()
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw .badAnswer(status: status, reason: JSONFault.describe(error))
        }
    }

    /// Throws the problem that the response tells of, unless its status is one of success.
    package func check() throws(GatewayError) {
        if (200..<300).contains(status) { return }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)) else {
            throw .badAnswer(status: status, reason: "it is neither a success nor a problem")
        }
        throw .problem(status: status, code: problem.error.code, message: problem.error.message)
    }

    private struct Problem: Codable {
        struct Content: Codable {
            let code: String
            let message: String
        }
        let error: Content
    }
}

extension HTTPResponse {
    /// Makes the answer that tells of an error: a problem as it is, anything else as our own fault.
    init(_ error: GatewayError) {
        switch error {
        case .problem(let status, let code, let message):
            self = .problem(status: status, code: code, message: message)
        default:
            self = .problem(status: 500, code: "internal", message: error.description)
        }
    }
}
