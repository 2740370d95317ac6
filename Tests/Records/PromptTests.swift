import Testing

@testable import Records

@Suite("Records to generate from") struct PromptTests {
    static func parser(text: String? = nil, carry: [String] = []) -> RecordParser {
        var options = TaskOptions()
        options.task = .generate
        options.textField = text
        options.carry = carry
        return RecordParser(options)
    }

    static let parser = parser()

    @Test(
        "the text is the prompt, or the text of a record without one",
        arguments: [
            (#"{"prompt":"a"}"#, "a"), (#"{"text":"b"}"#, "b"),
            (#"{"text":"b","prompt":"a"}"#, "a"), (#"{"prompt":"","text":"b"}"#, ""),
            (#"{"prompt":"a","messages":[]}"#, "a"), (#"{"p\u0072ompt":"a","prompts":1}"#, "a"),
        ]
    )
    func text(line: String, text: String) throws {
        #expect(try Self.parser.record(line).text.text == text)
    }

    @Test("a field that is named is the only one") func named() throws {
        let parser = Self.parser(text: "text")
        #expect(try parser.record(#"{"prompt":"a","text":"b"}"#).text.text == "b")
        let failure = try parser.failure(Array(#"{"prompt":"a"}"#.utf8))
        #expect(failure.code == .missingField)
    }

    @Test(
        "a record without a text names what it lacks",
        arguments: [
            (
                #"{"id":1}"#, .missingField,
                #"the record has neither field "prompt" nor "text"; "#
                    + "name the right one with --text-field"
            ),
            (
                #"{"id":1,"messages":[{"role":"user","content":"secret"}]}"#, .badParameter,
                #"the record has "messages", to which this version applies no chat template; "#
                    + #"give its text as "prompt""#
            ),
            (
                #"{"id":1,"prompt":["a"],"text":"b"}"#, .wrongType,
                #"the field "prompt" holds an array, expected a string"#
            ),
            (
                #"{"id":1,"prompt":null,"text":"b"}"#, .wrongType,
                #"the field "prompt" holds null, expected a string"#
            ),
        ] as [(String, RecordErrorCode, String)]
    )
    func noText(line: String, code: RecordErrorCode, message: String) throws {
        let failure = try Self.parser.failure(Array(line.utf8))
        let expected = RecordFailure(index: 7, id: [0x31], code: code, message: message)
        #expect(failure == expected)
    }

    @Test("other tasks read neither prompts nor parameters") func otherTasks() throws {
        let parser = RecordParser(TaskOptions())
        let record = try parser.record(#"{"text":"b","prompt":"a","top_p":"x","stop":5}"#)
        #expect(record.text.text == "b")
        #expect(record.generation == GenerationOptions())
        let failure = try parser.failure(Array(#"{"messages":[]}"#.utf8))
        #expect(failure.code == .missingField)
    }

    @Test("a record says itself how its text is generated") func parameters() throws {
        let line =
            #"{"prompt":"a","max_new_tokens":5,"temperature":0.5,"top_k":4,"top_p":9e-1,"#
            + #""min_p":0.1,"repetition_penalty":1.1,"stop":["a"],"n":2,"logprobs":3,"seed":"x"}"#
        let record = try Self.parser.record(line)
        #expect(record.generation == GenerationOptionsTests.full)
        #expect(try Self.parser.record(#"{"prompt":"a"}"#).generation == GenerationOptions())
    }

    @Test(
        "numbers are read as JSON spells them, and null says nothing",
        arguments: [
            (#""temperature":0"#, .temperature, 0), (#""temperature":-0"#, .temperature, 0),
            (#""temperature":1E+1"#, .temperature, 10), (#""top_p":1e-400,"top_p":1"#, .topP, 1),
            (#""max_new_tokens":1.0"#, .maxNewTokens, 1), (#""n":6e1"#, .n, 60),
            (#""top_\u006b": 3 "#, .topK, 3), (#""n":null"#, .n, nil),
            (#""n":2,"n":null"#, .n, nil),
            (#""min_p":0.1000000000000000055511151231257827021181583404541015625"#, .minP, 0.1),
        ] as [(String, GenerationOptions.Parameter, Double?)]
    )
    func numbers(
        fields: String,
        parameter: GenerationOptions.Parameter,
        value: Double?
    ) throws {
        let record = try Self.parser.record(#"{"prompt":"a",\#(fields)}"#)
        #expect(record.generation[parameter] == value)
    }

    @Test(
        "stop is a text or a list of texts",
        arguments: [
            (#""a\n""#, ["a\n"]), (#"[ "a" , "\u00e9\"]" ]"#, ["a", "é\"]"]), ("[]", []),
            ("null", nil), (#""","stop":"b""#, ["b"]),
        ] as [(String, [String]?)]
    )
    func stop(value: String, expected: [String]?) throws {
        let record = try Self.parser.record(#"{"prompt":"a","stop":\#(value)}"#)
        #expect(record.generation.stop == expected)
    }

    @Test(
        "a parameter that is not allowed is an error answer that names it, and quotes no text",
        arguments: [
            (#""top_p":0"#, "top_p", "0", "a number above 0, at most 1"),
            (#""top_p":"secret""#, "top_p", "a string", "a number above 0, at most 1"),
            (#""temperature":1e400"#, "temperature", "1e400", "a number from 0 to 100"),
            (#""n":true"#, "n", "a truth value", "a whole number from 1 to 64"),
            (#""n":1.5"#, "n", "1.5", "a whole number from 1 to 64"),
            (
                #""max_new_tokens":[1]"#, "max_new_tokens", "an array",
                "a whole number from 1 to 1048576"
            ),
            (
                #""top_k":1\#(String(repeating: "0", count: 32))"#, "top_k",
                "a number of 33 characters", "a whole number from 0 to 1048576"
            ),
            (#""stop":5"#, "stop", "a number", stopExpected),
            (#""stop":["secret",{}]"#, "stop", "an array with an object", stopExpected),
            (#""stop":["secret",null]"#, "stop", "an array with null", stopExpected),
            (#""stop":"""#, "stop", "a text of 0 bytes", "at most 16 texts of 1 to 1024 bytes"),
        ]
    )
    func refused(fields: String, name: String, got: String, expected: String) throws {
        let line = #"{"id":1,"k":2,"prompt":"secret",\#(fields)}"#
        let failure = try Self.parser(carry: ["k"]).failure(Array(line.utf8))
        #expect(failure.code == .badParameter)
        #expect(failure.message == #"the field "\#(name)" holds \#(got), expected \#(expected)"#)
        #expect(failure.id.text == "1" && failure.carried.count == 1)
    }

    private static let stopExpected = "a string, or at most 16 texts of 1 to 1024 bytes"
}
