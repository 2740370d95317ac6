import Coordinator
import Gateway
import Records

extension FuzzTarget {
    private static let specification = [
        "\"inputs\"", "\"modelPath\"", "\"modelDigest\"", "\"options\"", "\"output\"",
        "\"rejects\"", "\"replacesOutput\"", "\"shardRecordsMax\"", "\"path\"", "\"byteCount\"",
        "\"modificationTime\"", "\"spool\"", "\"task\"", "\"dtype\"", "\"choices\"",
        "\"generation\"", "\"maxLength\"", "\"topLabels\"", "\"maxLineBytes\"", "\"seed\"",
        "\"carry\"", "\"stop\"", "\"temperature\"", "\"/a\"", "70368744177664",
        "9223372036854775807", "18446744073709551615", "1e999", "-1", "null", "true", "[]", "{}",
    ]

    /// The body with which a job is submitted.
    static let job = FuzzTarget("job", dictionary: specification) { input in
        let request = HTTPRequest(method: "POST", path: "/jobs", body: Array(input))
        do throws(GatewayError) {
            return outcome(of: try request.json(as: JobSpecification.self))
        } catch {
            return .refused(error.description)
        }
    }

    /// What is done with a job that was read; the ledger must give back what it was given.
    private static func outcome(of job: JobSpecification) -> FuzzOutcome {
        do throws(CoordinatorError) {
            try job.validate()
        } catch {
            return .refused(error.description)
        }
        let kept = CanonicalJSON.encode(job)
        let again = try? CanonicalJSON.decode(JobSpecification.self, from: kept)
        guard again == job, again?.identity.differences(from: job.identity) == [] else {
            return .wrong("a job that was kept came back as another: \(kept)")
        }
        return job.inputBytes >= 0 ? .taken : .wrong("inputs of \(job.inputBytes) bytes")
    }

    private static let router: Router = {
        var router = Router()
        router.add("GET", "/status") { _, _ throws(GatewayError) in .json(["a": 1]) }
        router.add("POST", "/jobs") { request, _ throws(GatewayError) in
            .json(try request.json(as: JobSpecification.self))
        }
        router.add("GET", "/jobs/:job") { request, parts throws(GatewayError) in
            .json([parts["job"]: request.query])
        }
        router.add("DELETE", "/jobs/:job/shards/:shard") { _, parts throws(GatewayError) in
            .json([parts["job"], parts["shard"]])
        }
        return router
    }()

    /// A request: method, target and body, cut at the first space and the first line feed.
    static let http = FuzzTarget(
        "http",
        dictionary: specification + [
            "GET ", "HEAD ", "POST ", "DELETE ", "/status", "/jobs", "/jobs/", "/shards/", "?",
            "&", "=", "%", "%2F", "%00", "%ff", "%C3%A9", "+", "..", "//", "\n",
        ]
    ) { input in
        let head = input.prefix { $0 != 0x0A }
        let method = String(decoding: head.prefix { $0 != 0x20 }, as: UTF8.self)
        let target = String(decoding: head.drop { $0 != 0x20 }.dropFirst(), as: UTF8.self)
        if let fault = fault(ofCoding: target) { return .wrong(fault) }
        let response: HTTPResponse
        do throws(GatewayError) {
            let body = Array(input.dropFirst(head.count + 1))
            let request = try HTTPRequest(method: method, target: target, body: body)
            response = router.respond(to: request)
        } catch {
            return .refused(error.description)
        }
        do throws(GatewayError) {
            try response.check()
            return .taken
        } catch {
            guard case .problem(400..<500, _, let message) = error else {
                return .wrong("status \(response.status) for a client's mistake: \(error)")
            }
            return .refused(message)
        }
    }

    /// Encoding must be undone by decoding, and decoding be that of a plain loop.
    private static func fault(ofCoding text: String) -> String? {
        let encoded = PercentCoding.encode(text)
        guard PercentCoding.decode(encoded[...]) == text else { return "\(encoded) is not undone" }
        var plain: [UInt8]? = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                plain?.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            // The standard library takes signs, too.
            let areDigits = digits.count == 2 && !digits.contains { "+-".utf8.contains($0) }
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            rest = rest.dropFirst(2)
            if areDigits, let value { plain?.append(value) } else { plain = nil }
        }
        let expected = plain.flatMap { String(validating: $0, as: UTF8.self) }
        let found = PercentCoding.decode(text[...])
        return found == expected ? nil : "decoded as \(found ?? "nothing"): \(text)"
    }
}
