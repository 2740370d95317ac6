/// The parts of a path that a route left open, decoded.
package struct PathParameters: Sendable, Equatable {
    var values: [String: String] = [:]

    /// Returns what stood where the pattern has `:name`; traps on a name the pattern lacks.
    package subscript(_ name: String) -> String {
        guard let value = values[name] else {
            preconditionFailure("the route's pattern has no :\(name)")
        }
        return value
    }
}

/// The table of what can be asked: methods and path patterns, each with its handler.
package struct Router: Sendable {
    /// Answers a request; what it throws is sent as JSON.
    ///
    /// Handlers run one at a time on the server's thread, and hold up all others while they block.
    package typealias Handler =
        @Sendable (HTTPRequest, PathParameters) throws(GatewayError) -> HTTPResponse

    private struct Route: Sendable {
        let method: String
        /// The segments of the pattern; one that begins with a colon is left open.
        let pattern: [String]
        let handler: Handler
    }

    private var routes: [Route] = []

    /// Makes an empty table.
    package init() {}

    /// Adds a route; where several fit a request, the one added first answers.
    ///
    /// `pattern` is such as `/v1/jobs/:job`; an open part matches one segment that is not empty.
    /// A route for GET answers HEAD too. Traps on a pattern that does not begin with a slash.
    package mutating func add(_ method: String, _ pattern: String, _ handler: @escaping Handler) {
        precondition(pattern.hasPrefix("/"), "the pattern \(pattern) does not begin with a slash")
        let segments = Self.segments(pattern).map(String.init)
        routes.append(Route(method: method, pattern: segments, handler: handler))
    }

    /// Answers a request, and never fails: an unknown path, method or encoding has its own answer.
    package func respond(to request: HTTPRequest) -> HTTPResponse {
        let method = request.method == "HEAD" ? "GET" : request.method
        let segments = Self.segments(request.path)
        var allowed: [String] = []
        for route in routes where Self.fits(route.pattern, segments) {
            guard route.method == method else {
                if !allowed.contains(route.method) { allowed.append(route.method) }
                continue
            }
            do throws(GatewayError) {
                let parameters = try Self.parameters(route.pattern, segments)
                return try route.handler(request, parameters)
            } catch {
                return HTTPResponse(error)
            }
        }
        if allowed.isEmpty {
            return .problem(
                status: 404,
                code: "not_found",
                message: "nothing is known at \(request.path)"
            )
        }
        let methods = allowed.joined(separator: ", ")
        var refusal = HTTPResponse.problem(
            status: 405,
            code: "method_not_allowed",
            message: "\(request.path) takes \(methods), got \(request.method)"
        )
        refusal.headers["Allow"] = methods
        return refusal
    }

    private static func segments(_ path: String) -> [Substring] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func fits(_ pattern: [String], _ segments: [Substring]) -> Bool {
        pattern.count == segments.count
            && zip(pattern, segments).allSatisfy { part, segment in
                part.hasPrefix(":") ? !segment.isEmpty : part == segment
            }
    }

    private static func parameters(
        _ pattern: [String],
        _ segments: [Substring]
    ) throws(GatewayError) -> PathParameters {
        var parameters = PathParameters()
        for (part, segment) in zip(pattern, segments) where part.hasPrefix(":") {
            guard let value = PercentCoding.decode(segment) else {
                throw .problem(
                    status: 400,
                    code: "bad_path",
                    message: "the path part \(segment) is not percent-encoded UTF-8"
                )
            }
            parameters.values[String(part.dropFirst())] = value
        }
        return parameters
    }
}
