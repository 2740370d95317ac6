import FoundationEssentials

/// A request that has been received whole.
package struct HTTPRequest: Sendable, Equatable {
    /// The method in capitals.
    package let method: String
    /// The path as it was sent, still percent-encoded.
    package let path: String
    /// The decoded query; of a name given twice the last value counts.
    package let query: [String: String]
    /// The body's bytes.
    package let body: [UInt8]

    /// Makes a request of its parts.
    package init(
        method: String,
        path: String,
        query: [String: String] = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }

    /// Makes a request of its undecoded target, such as `/v1/jobs?limit=5`.
    package init(method: String, target: String, body: [UInt8]) throws(GatewayError) {
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query: [String: String] = [:]
        for pair in halves.dropFirst().first?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1] : ""
            guard let name = PercentCoding.decode(parts[0], plusIsSpace: true),
                let decoded = PercentCoding.decode(value, plusIsSpace: true)
            else {
                throw .problem(
                    status: 400,
                    code: "bad_query",
                    message: "the query part \(pair) is not percent-encoded UTF-8"
                )
            }
            query[name] = decoded
        }
        self.init(method: method, path: String(halves[0]), query: query, body: body)
    }

    /// Reads the body as JSON; what does not fit is a problem of status 400 that names the field.
    package func json<Value: Decodable>(as type: Value.Type) throws(GatewayError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw .problem(
                status: 400,
                code: "bad_json",
                message: "the request's body is not understood: \(JSONFault.describe(error))"
            )
        }
    }
}
