import Gateway
import Testing

@Suite("Router") struct RouterTests {
    private func ask(_ method: String, _ path: String, of router: Router = .echo) -> HTTPResponse {
        router.respond(to: HTTPRequest(method: method, path: path))
    }

    @Test(
        "only a path of the pattern's segments fits",
        arguments: [
            ("/echo/a", 200), ("/echo/", 404), ("/echo", 404), ("/echo/a/b", 404),
            ("/echo/a/", 404),
            ("/", 404), ("", 404), ("/ECHO/a", 404), ("//echo/a", 404), ("/echo/%2F", 200),
            ("/echo/%zz", 400), ("/echo/%4", 400), ("/echo/%ff", 400),
        ]
    )
    func paths(path: String, status: Int) {
        #expect(ask("GET", path).status == status)
    }

    @Test("the route added first answers, and others of its method stay behind it")
    func order() {
        var router = Router()
        router.add("GET", "/jobs/all") { _, _ in HTTPResponse(status: 201) }
        router.add("GET", "/jobs/:job") { _, _ in HTTPResponse(status: 202) }
        router.add("DELETE", "/jobs/:job") { _, _ in HTTPResponse(status: 203) }
        #expect(ask("GET", "/jobs/all", of: router).status == 201)
        #expect(ask("GET", "/jobs/7", of: router).status == 202)
        #expect(ask("DELETE", "/jobs/all", of: router).status == 203)
    }

    @Test("HEAD is answered like GET, and a wrong method is told which are allowed")
    func methods() {
        #expect(ask("HEAD", "/echo/a").status == 200)
        let refusal = ask("PUT", "/echo/a")
        #expect(refusal.status == 405)
        #expect(refusal.headers == ["Allow": "GET, POST, DELETE"])
    }

    @Test("an error that is no problem is the server's fault")
    func internalFault() {
        var router = Router()
        router.add("GET", "/") { _, _ throws(GatewayError) in throw .notASocket(path: "/x") }
        let answer = ask("GET", "/", of: router)
        #expect(answer.status == 500)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""code":"internal""#))
    }

    @Test("a parameter that the pattern lacks is a trap")
    func unknownParameter() async {
        await #expect(processExitsWith: .failure) {
            var router = Router()
            router.add("GET", "/:task") { _, parameters in .json(parameters["job"]) }
            _ = router.respond(to: HTTPRequest(method: "GET", path: "/a"))
        }
    }
}

@Suite("Messages") struct MessageTests {
    struct Job: Codable, Equatable {
        var name: String
        var workers: [Int]
    }

    @Test("equal values have equal bytes, keys sorted and slashes plain")
    func sorted() {
        let response = HTTPResponse.json(["b": "/x", "a": "é"], status: 201)
        #expect(response.status == 201)
        #expect(response.contentType == "application/json")
        #expect(String(decoding: response.body, as: UTF8.self) == #"{"a":"é","b":"/x"}"#)
    }

    @Test("a number that JSON cannot hold becomes a problem")
    func unencodable() {
        #expect(HTTPResponse.json(["a": Double.nan]).status == 500)
    }

    @Test(
        "a body that is not understood names the field",
        arguments: [
            ("{", "it is not valid JSON"),
            ("{}", "the field name is missing"),
            (#"{"name":1,"workers":[]}"#, "the field name is not of the type String"),
            (#"{"name":"a","workers":[1,"2"]}"#, "the field workers.1 is not of the type Int"),
            (#"{"name":null,"workers":[]}"#, "the field name is null where String is expected"),
        ]
    )
    func faults(text: String, reason: String) {
        let request = HTTPRequest(method: "POST", path: "/", body: Array(text.utf8))
        #expect(
            throws: GatewayError.problem(
                status: 400,
                code: "bad_json",
                message: "the request's body is not understood: \(reason)"
            )
        ) { try request.json(as: Job.self) }
        let response = HTTPResponse(body: Array(text.utf8))
        #expect(throws: GatewayError.badAnswer(status: 200, reason: reason)) {
            try response.value(as: Job.self)
        }
    }

    @Test("a failure without a problem inside is told as such")
    func noProblem() {
        let response = HTTPResponse(status: 502, body: Array("<html>".utf8))
        #expect(throws: GatewayError.self) { try response.check() }
    }

    @Test("percent-encoding comes back as it was", arguments: ["", "a-b", "ü/ ?%+&=\u{0}", "🐕"])
    func percent(text: String) {
        let encoded = PercentCoding.encode(text)
        #expect(encoded.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"/?&+=".utf8.contains($0) })
        #expect(PercentCoding.decode(encoded[...]) == text)
    }
}
