import Testing

@testable import Records

@Suite("Texts that are no JSON object") struct JSONRefusalTests {
    /// A text that is no object, where that is seen, and what was expected there.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let offset: Int
        let expected: String
        var testDescription: String { text }

        init(_ text: String, _ offset: Int, _ expected: String) {
            self.text = text
            self.offset = offset
            self.expected = expected
        }
    }

    static let refusals = [
        Refusal("", 0, "a JSON object"),
        Refusal(" \t", 2, "a JSON object"),
        Refusal("[]", 0, "a JSON object"),
        Refusal("\"a\"", 0, "a JSON object"),
        Refusal("null", 0, "a JSON object"),
        Refusal("\u{FEFF}{}", 0, "a JSON object"),
        Refusal("{", 1, "a field's name in quotes"),
        Refusal("{,}", 1, "a field's name in quotes"),
        Refusal("{a:1}", 1, "a field's name in quotes"),
        Refusal("{'a':1}", 1, "a field's name in quotes"),
        Refusal("{1:1}", 1, "a field's name in quotes"),
        Refusal("{\"a\":1,}", 7, "a field's name in quotes"),
        Refusal("{\"a\"", 4, "a colon"),
        Refusal("{\"a\" 1}", 5, "a colon"),
        Refusal("{\"a\":", 5, "a value"),
        Refusal("{\"a\":}", 5, "a value"),
        Refusal("{\"a\":,}", 5, "a value"),
        Refusal("{\"a\":1", 6, "a comma or a closing brace"),
        Refusal("{\"a\":1 \"b\":2}", 7, "a comma or a closing brace"),
        Refusal("{\"a\":1]", 6, "a comma or a closing brace"),
        Refusal("{}{}", 2, "the end of the line"),
        Refusal("{\"a\":1} x", 8, "the end of the line"),
        Refusal("{\"a\":1}}", 7, "the end of the line"),
        Refusal("{\"a\":[1}", 7, "a comma or a closing bracket"),
        Refusal("{\"a\":[1", 7, "a comma or a closing bracket"),
        Refusal("{\"a\":[1 2]}", 8, "a comma or a closing bracket"),
        Refusal("{\"a\":[1,]}", 8, "a value"),
        Refusal("{\"a\":[,1]}", 6, "a value"),
        Refusal("{\"a\":[", 6, "a value"),
        Refusal("{\"a\":{\"b\":1]}", 11, "a comma or a closing bracket"),
        Refusal("{\"a\":{\"b\":1,}}", 12, "a field's name in quotes"),
        Refusal("{\"a\":{\"b\"}}", 9, "a colon"),
        Refusal("{\"a\":{1}}", 6, "a field's name in quotes"),
        Refusal("{\"a\":[\"b\":1]}", 9, "a comma or a closing bracket"),
        Refusal("{\"a\":1 // no\n}", 7, "a comma or a closing brace"),
        Refusal("{\"a\":\u{A0}1}", 5, "a value"),
        Refusal("{\u{0}}", 1, "a field's name in quotes"),
        Refusal("{\"a\":\u{0}}", 5, "a value"),
        Refusal("{}\u{0}", 2, "the end of the line"),
        Refusal("{\"a\":01}", 6, "a comma or a closing brace"),
        Refusal("{\"a\":-01}", 7, "a comma or a closing brace"),
        Refusal("{\"a\":1.}", 7, "a digit"),
        Refusal("{\"a\":1.e1}", 7, "a digit"),
        Refusal("{\"a\":.5}", 5, "a value"),
        Refusal("{\"a\":-.5}", 6, "a value"),
        Refusal("{\"a\":1e}", 7, "a digit"),
        Refusal("{\"a\":1e+}", 8, "a digit"),
        Refusal("{\"a\":1e+-1}", 8, "a digit"),
        Refusal("{\"a\":1e1.5}", 8, "a comma or a closing brace"),
        Refusal("{\"a\":+1}", 5, "a value"),
        Refusal("{\"a\":-}", 6, "a value"),
        Refusal("{\"a\":--1}", 6, "a value"),
        Refusal("{\"a\":- 1}", 6, "a value"),
        Refusal("{\"a\":0x1}", 6, "a comma or a closing brace"),
        Refusal("{\"a\":1_0}", 6, "a comma or a closing brace"),
        Refusal("{\"a\":1", 6, "a comma or a closing brace"),
        Refusal("{\"a\":NaN}", 5, "a value"),
        Refusal("{\"a\":Infinity}", 5, "a value"),
        Refusal("{\"a\":-Infinity}", 6, "a value"),
        Refusal("{\"a\":nan}", 6, "the word null"),
        Refusal("{\"a\":tru}", 8, "the word true"),
        Refusal("{\"a\":truth}", 8, "the word true"),
        Refusal("{\"a\":fals", 9, "the word false"),
        Refusal("{\"a\":nul", 8, "the word null"),
        Refusal("{\"a\":True}", 5, "a value"),
        Refusal("{\"a\":nulll}", 9, "a comma or a closing brace"),
        Refusal("{\"a\":\"", 6, "a closing quote"),
        Refusal("{\"a\":\"b}", 8, "a closing quote"),
        Refusal("{\"a\":\"\\", 7, "a closing quote"),
        Refusal("{\"a\":\"\\\"}", 9, "a closing quote"),
        Refusal("{\"a", 3, "a closing quote"),
        Refusal("{\"a\":\"\\x\"}", 7, "a known escape after the backslash"),
        Refusal("{\"a\":\"\\U0041\"}", 7, "a known escape after the backslash"),
        Refusal("{\"a\":\"\\'\"}", 7, "a known escape after the backslash"),
        Refusal("{\"a\":\"\\\u{0}\"}", 7, "a known escape after the backslash"),
        Refusal("{\"a\":\"\\u12\"}", 8, "four hexadecimal digits"),
        Refusal("{\"a\":\"\\u123g\"}", 8, "four hexadecimal digits"),
        Refusal("{\"a\":\"\\u", 8, "four hexadecimal digits"),
        Refusal("{\"a\":\"\\u+123\"}", 8, "four hexadecimal digits"),
        Refusal("{\"a\":\"\\u00\u{661}\"}", 8, "four hexadecimal digits"),
        Refusal("{\"a\":\"\t\"}", 6, "an escape in place of a control character"),
        Refusal("{\"a\":\"b\u{0}\"}", 7, "an escape in place of a control character"),
        Refusal("{\"a\":\"\u{1F}\"}", 6, "an escape in place of a control character"),
        Refusal("{\"a\u{1}\":1}", 3, "an escape in place of a control character"),
    ]

    @Test("a text that is no object is refused where that is seen", arguments: refusals)
    func refused(refusal: Refusal) throws {
        let failure = #expect(throws: JSONScanner.Failure.self) {
            try JSONScannerTests.scan(refusal.text)
        }
        #expect(failure == .init(offset: refusal.offset, expected: refusal.expected))
    }

    @Test(
        "half a surrogate pair is refused in names and values",
        arguments: [
            "\\ud83d", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\u0041", "\\ud83d\\ud83d", "\\ude00",
            "\\udfff", "\\ude00\\ud83d", "\\udc00\\udc00", "\\uD800", "\\uDBFF\\uE000",
            "\\ud83d\\ude00\\ude00",
        ]
    )
    func surrogates(escapes: String) throws {
        for text in ["{\"a\":\"\(escapes)\"}", "{\"\(escapes)\":1}", "{\"a\":[\"\(escapes)\"]}"] {
            let failure = #expect(throws: JSONScanner.Failure.self) {
                try JSONScannerTests.scan(text)
            }
            #expect(failure?.expected == "both halves of a surrogate pair")
        }
    }
}
