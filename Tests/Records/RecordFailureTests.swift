import Records
import Testing

/// Every way in which the parser refuses a line.
@Suite("Lines that are no records") struct RecordFailureTests {
    static let parser = RecordParser(TaskOptions())

    @Test("a line that is no JSON object is named by byte, counted from 1, and has no id")
    func badJSON() throws {
        let failure = try Self.parser.failure(Array(#"{"id":1,"text":"a",}"#.utf8))
        let expected = RecordFailure(
            index: 7,
            id: Array("null".utf8),
            code: .badJSON,
            message: "the line is no JSON object: at byte 20 a field's name in quotes was expected"
        )
        #expect(failure == expected)
    }

    @Test(
        "values that are no objects, broken objects and bytes behind them are bad JSON",
        arguments: [
            "", " ", "\u{FEFF}", "\u{FEFF}\u{FEFF}{\"text\":\"\"}", "1", "\"text\"", "null", "[]",
            "[{\"text\":\"a\"}]", "{", "{\"text\":\"a\"", "{\"text\":\"a\"} {\"text\":\"b\"}",
            "{\"text\":\"a\"}\r{\"text\":\"b\"}", "{\"text\":\"a\"}\u{0}", "\u{0}{\"text\":\"a\"}",
            "{\"text\":\"a\u{0}\"}", "{\"text\":\"a\tb\"}", "{\"text\":\"\\ud800\"}",
            "{\"text\":\"a\",\"id\":01}", "{'text':'a'}", "{\"text\":\"a\"\u{85}}",
        ]
    )
    func alsoBadJSON(line: String) throws {
        let failure = try Self.parser.failure(Array(line.utf8))
        #expect(failure.code == .badJSON)
        #expect(failure.index == 7)
        #expect(failure.id.text == "null")
    }

    @Test("a line that is not UTF-8 is named by byte, wherever the byte stands")
    func badUTF8() throws {
        let line = Array(#"{"id":1,"text":"a"#.utf8) + [0xC3] + Array("\"}".utf8)
        let expected = RecordFailure(
            index: 7,
            id: Array("null".utf8),
            code: .badUTF8,
            message: "the line is not UTF-8 at byte 18; convert the file to UTF-8"
        )
        #expect(try Self.parser.failure(line) == expected)
        // Outside strings too, and before anything is said of the JSON.
        for line in ["", "{} x", "{\"text\":\"\"}"] {
            #expect(try Self.parser.failure(Array(line.utf8) + [0xE2]).code == .badUTF8)
        }
    }

    @Test("UTF-16 with a byte order mark is not UTF-8") func utf16() throws {
        let line: [UInt8] = [0xFF, 0xFE] + "{\"text\":\"a\"}".utf16.flatMap { [UInt8($0), 0] }
        #expect(try Self.parser.failure(line).code == .badUTF8)
    }

    @Test("behind a byte order mark, bytes are counted as they stand in the line")
    func bytesBehindMark() throws {
        let json = try Self.parser.failure(Array("\u{FEFF}x".utf8))
        #expect(json.message.contains("at byte 4 "))
        let utf8 = try Self.parser.failure([0xEF, 0xBB, 0xBF, 0x7B, 0xFF])
        #expect(utf8.message.contains("at byte 5;"))
    }

    @Test("a record without its text names the field and keeps its id") func missingField() throws {
        var options = TaskOptions()
        options.textField = "body"
        let failure = try RecordParser(options).failure(Array(#"{"id":[1],"text":"a"}"#.utf8))
        let expected = RecordFailure(
            index: 7,
            id: Array("[1]".utf8),
            code: .missingField,
            message: "the record has no field \"body\"; name the right one with --text-field"
        )
        #expect(failure == expected)
        #expect(try Self.parser.failure(Array("{}".utf8)).code == .missingField)
    }

    @Test(
        "a text that is no string is named by its kind",
        arguments: [
            ("1", "a number"), ("-1.5e3", "a number"), ("true", "a truth value"),
            ("false", "a truth value"), ("null", "null"), ("[\"a\"]", "an array"),
            ("{\"text\":\"a\"}", "an object"),
        ]
    )
    func wrongType(value: String, kind: String) throws {
        let failure = try Self.parser.failure(Array("{\"text\":\(value),\"id\":\"x\"}".utf8))
        let expected = RecordFailure(
            index: 7,
            id: Array("\"x\"".utf8),
            code: .wrongType,
            message: "the field \"text\" holds \(kind), expected a string"
        )
        #expect(failure == expected)
    }

    @Test("a line of the limit is read, and one byte more is too large, whatever it says")
    func lineTooLarge() throws {
        let line = Array("{\"text\":\"abc\"}".utf8)
        var options = TaskOptions()
        options.maxLineBytes = line.count
        let parser = RecordParser(options)
        #expect(try parser.outcome(line).get().text.text == "abc")
        let expected = RecordFailure(
            index: 7,
            id: Array("null".utf8),
            code: .lineTooLarge,
            message: "the line has more than 14 bytes; split the record, or raise --max-line-bytes"
        )
        #expect(try parser.failure(line + [0x20]) == expected)
        #expect(try parser.failure([UInt8](repeating: 0xFF, count: 15)) == expected)
        #expect(parser.tooLarge(index: 7) == expected)
    }

    @Test("no message quotes what the line says") func noQuotes() throws {
        let lines = [
            "secret", "{\"secret\":secret}", "{\"secret\":\"secret\"}", "{\"text\":[\"secret\"]}",
            "{\"text\":\"secret", "{\"text\":\"secret\\x\"}", "{\"text\":\"secret\"}secret",
        ]
        for line in lines {
            #expect(try !Self.parser.failure(Array(line.utf8)).message.contains("secret"))
        }
        let line = Array("{\"text\":\"secret".utf8) + [0xFF]
        #expect(try !Self.parser.failure(line).message.contains("secret"))
    }

    @Test("nesting is refused above 32 levels, and only there") func depth() throws {
        let deepest = JSONScannerTests.nested(32, "[", "\"x\"", "]").dropLast()
        #expect(try Self.parser.record("\(deepest),\"text\":\"a\"}").text.text == "a")
        let deeper = JSONScannerTests.nested(33, "[", "\"x\"", "]").dropLast()
        let failure = try Self.parser.failure(Array("\(deeper),\"text\":\"a\"}".utf8))
        #expect(failure.code == .badJSON)
        #expect(failure.message.contains("at most 32 levels of nesting"))
    }
}
