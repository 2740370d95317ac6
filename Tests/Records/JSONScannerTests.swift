import TestSupport
import Testing

@testable import Records

@Suite("Scanning JSON") struct JSONScannerTests {
    /// A field as the scanner saw it.
    struct Field: Equatable {
        let name: String
        let value: String
    }

    static func scan(_ text: String) throws(JSONScanner.Failure) -> [Field] {
        let bytes = Array(text.utf8)
        var fields: [Field] = []
        var failure: JSONScanner.Failure?
        bytes.withUnsafeBufferPointer { line in
            var scanner = JSONScanner(line)
            do throws(JSONScanner.Failure) {
                try scanner.fields { name, value in
                    let (name, value) = (Array(line[name]).text, Array(line[value]).text)
                    fields.append(Field(name: name, value: value))
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return fields
    }

    /// Names of the fields, without their quotes.
    static func names(_ text: String) throws(JSONScanner.Failure) -> [String] {
        try scan(text).map { String($0.name.dropFirst().dropLast()) }
    }

    /// A field `a` that holds `depth - 1` open arrays or objects, within the line's own braces.
    static func nested(_ depth: Int, _ open: String, _ inner: String, _ close: String) -> String {
        "{\"a\":" + String(repeating: open, count: depth - 1) + inner
            + String(repeating: close, count: depth - 1) + "}"
    }

    @Test("fields are visited in order, with the quotes of names and strings, without white space")
    func fields() throws {
        let found = try Self.scan(" {\t\"a\" : 1 ,\r\"\\u0061\":\" b \" , \"\":[ 1, {} ] } \n")
        let expected = [
            Field(name: "\"a\"", value: "1"),
            Field(name: "\"\\u0061\"", value: "\" b \""),
            Field(name: "\"\"", value: "[ 1, {} ]"),
        ]
        #expect(found == expected)
        #expect(try Self.scan("{}") == [])
        #expect(try Self.scan(" { } ") == [])
    }

    @Test(
        "every value of the grammar is taken as it stands",
        arguments: [
            "0", "-0", "1", "10", "-9", "0.0", "-0.50", "1.0", "1e5", "1E5", "0e0", "1e+05", "1e-9",
            "1e400", "-1.5E-400", "12345678901234567890123", "true", "false", "null", "\"\"",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABCD\"", "\"\\ud83d\\ude00\"",
            "\"\\uDBFF\\uDFFF\"",
            "\"\u{7F}\u{80}\u{10FFFF}\"", "[]", "[ ]", "{}", "{ }", "[[],{}]", "[1,\"]\",[2]]",
            "{\"b\":{\"c\":[]},\"d\":[{\"e\":1},2]}", "{\"b\" : 1 , \"c\" : [ 1 , 2 ] }",
        ]
    )
    func values(value: String) throws {
        #expect(try Self.scan("{\"a\":\(value)}") == [Field(name: "\"a\"", value: value)])
        let twice = try Self.scan("{\"a\":\(value),\"b\": \(value) }")
        #expect(twice.map(\.value) == [value, value])
    }

    @Test("32 levels of nesting are taken, the line's own included, and 33 are refused")
    func depth() throws {
        let brackets = [
            ("[", "1", "]"), ("[", "[]", "]"), ("{\"a\":", "{}", "}"), ("[", "{}", "]"),
        ]
        for (open, inner, close) in brackets {
            let own = inner == "1" ? 0 : 1
            let deepest = Self.nested(32 - own, open, inner, close)
            #expect(try Self.scan(deepest).count == 1, "\(deepest)")
            let failure = #expect(throws: JSONScanner.Failure.self) {
                try Self.scan(Self.nested(33 - own, open, inner, close))
            }
            #expect(failure?.expected == "at most 32 levels of nesting")
        }
    }

    @Test("depth is what is open at once, not what was opened") func breadth() throws {
        let many = Array(repeating: "[[],{\"b\":{}}]", count: 1000).joined(separator: ",")
        #expect(try Self.scan("{\"a\":[\(many)]}").count == 1)
    }

    @Test("brackets of both kinds are closed by their own") func mixedBrackets() throws {
        var random = SplitMix(state: 1)
        for _ in 0..<500 {
            let kinds = (0..<30).map { _ in Bool.random(using: &random) }
            let open = kinds.map { $0 ? "{\"a\":" : "[" }.joined()
            var close = kinds.reversed().map { $0 ? "}" : "]" }
            #expect(try Self.scan("{\"a\":\(open)1\(close.joined())}").count == 1)
            let wrong = Int.random(in: 0..<30, using: &random)
            close[wrong] = close[wrong] == "}" ? "]" : "}"
            let failure = #expect(throws: JSONScanner.Failure.self) {
                try Self.scan("{\"a\":\(open)1\(close.joined())}")
            }
            #expect(failure?.offset == 5 + open.utf8.count + 1 + wrong)
        }
    }

    @Test("a million open brackets are refused without a deep stack") func bottomless() throws {
        for open in ["[", "{\"a\":"] {
            let text = "{\"a\":" + String(repeating: open, count: 1_000_000)
            let failure = #expect(throws: JSONScanner.Failure.self) { try Self.scan(text) }
            #expect(failure?.expected == "at most 32 levels of nesting")
        }
    }
}
