import Records
import Testing

@Suite("Writing answers") struct AnswerWriterTests {
    static let record = Record(index: 5, id: Array("\"a\"".utf8), text: [], carried: [])

    static func answer(
        _ labels: [String],
        _ scores: [Float],
        top: Int? = nil,
        record: Record = record,
        isTruncated: Bool = false,
        tokenIDs: [Int32]? = nil
    ) -> String {
        var line: [UInt8] = []
        AnswerWriter(labels: labels, topLabels: top).appendClassification(
            of: record,
            scores: scores,
            promptTokens: 12,
            isTruncated: isTruncated,
            tokenIDs: tokenIDs,
            to: &line
        )
        return line.text
    }

    static func isError(_ line: String) -> Bool {
        Array(line.utf8).withUnsafeBufferPointer { AnswerWriter.isError($0) }
    }

    /// The part between `"scores":` and the usage.
    static func scores(_ answer: String) -> String {
        guard let start = answer.firstRange(of: "\"scores\":"),
            let end = answer.firstRange(of: ",\"usage\"")
        else { return "" }
        return String(answer[start.upperBound..<end.lowerBound])
    }

    @Test("an answer has exactly these bytes") func exactBytes() {
        let expected =
            #"{"id":"a","index":5,"label":"cat","score":0.75,"scores":{"dog":0.25,"cat":0.75},"#
            + #""usage":{"prompt_tokens":12,"completion_tokens":0}}"# + "\n"
        #expect(Self.answer(["dog", "cat"], [0.25, 0.75]) == expected)
    }

    @Test("what was cut, the tokens' ids and carried fields follow the usage in this order")
    func tail() {
        var record = Self.record
        record.carried = [
            CarriedField(name: Array("\"b\"".utf8), value: Array("1.0".utf8)),
            CarriedField(name: Array("\"a\"".utf8), value: Array("{\"x\" : []}".utf8)),
        ]
        let ids: [Int32] = [3, -1]
        let answer = Self.answer(["dog"], [1], record: record, isTruncated: true, tokenIDs: ids)
        let tail = #"0},"truncated":true,"token_ids":[3,-1],"b":1.0,"a":{"x" : []}}"# + "\n"
        #expect(answer.hasSuffix(tail))
        #expect(Self.answer(["dog"], [1], tokenIDs: []).hasSuffix(#"0},"token_ids":[]}"# + "\n"))
    }

    @Test("answers are appended, and the same one has the same bytes") func appended() {
        var lines: [UInt8] = []
        let writer = AnswerWriter(labels: ["dog", "cat"], topLabels: 1)
        for _ in 0..<2 {
            writer.appendClassification(
                of: Self.record,
                scores: [0.5, 0.5],
                promptTokens: 12,
                isTruncated: false,
                tokenIDs: nil,
                to: &lines
            )
        }
        let one = Self.answer(["dog", "cat"], [0.5, 0.5], top: 1)
        #expect(lines.text == one + one)
    }

    @Test("the best label is the earliest of equals")
    func ties() {
        let answer = Self.answer(["a", "b", "c", "d"], [0.1, 0.3, 0.3, 0.3])
        #expect(answer.contains(#""label":"b","score":0.3,"#))
        #expect(Self.scores(answer) == #"{"a":0.1,"b":0.3,"c":0.3,"d":0.3}"#)
    }

    @Test(
        "top labels stand best first, the earlier of equals",
        arguments: [
            (0, "{}"),
            (1, #"{"b":0.3}"#),
            (2, #"{"b":0.3,"d":0.3}"#),
            (3, #"{"b":0.3,"d":0.3,"c":0.2}"#),
            (5, #"{"b":0.3,"d":0.3,"c":0.2,"a":0.1,"e":0.1}"#),
            (9, #"{"b":0.3,"d":0.3,"c":0.2,"a":0.1,"e":0.1}"#),
        ]
    )
    func topLabels(count: Int, expected: String) {
        let answer = Self.answer(["a", "b", "c", "d", "e"], [0.1, 0.3, 0.2, 0.3, 0.1], top: count)
        #expect(Self.scores(answer) == expected)
        #expect(answer.contains(#""label":"b","#))
    }

    @Test("labels are escaped wherever they stand") func escapedLabels() {
        let answer = Self.answer(["a\"b\\c\nd\u{1}é"], [1])
        #expect(answer.contains(#""label":"a\"b\\c\nd\u0001é","score":1.0,"#))
        #expect(Self.scores(answer) == #"{"a\"b\\c\nd\u0001é":1.0}"#)
        #expect(answer.filter { $0 == "\n" }.count == 1)
    }

    @Test("a score is written so that it reads back as the same number")
    func scoreSpelling() throws {
        for score in [0, 1e-9, 0.1, 1.0 / 3, .leastNonzeroMagnitude, 1 - .ulpOfOne / 2] as [Float] {
            let text = Self.scores(Self.answer(["a"], [score]))
            let number = text.dropFirst(5).dropLast()
            #expect(Float(number) == score)
            // The grammar of JSON's numbers takes it.
            #expect(try JSONScannerTests.scan("{\"a\":\(number)}").count == 1)
        }
    }

    @Test("one score less or more than labels is a trap") func wrongCount() async {
        await #expect(processExitsWith: .failure) {
            _ = AnswerWriterTests.answer(["a", "b"], [1])
        }
    }

    @Test("a failure's answer has its code, its escaped sentence and what is carried")
    func failure() {
        let failure = RecordFailure(
            index: 3,
            id: Array("1e400".utf8),
            code: .missingField,
            message: "no field \"text\"\n",
            carried: [CarriedField(name: Array("\"k\"".utf8), value: Array("null".utf8))]
        )
        var line: [UInt8] = []
        AnswerWriter.appendFailure(failure, to: &line)
        let expected =
            #"{"id":1e400,"index":3,"error":{"code":"missing_field","#
            + #""message":"no field \"text\"\n"},"k":null}"# + "\n"
        #expect(line.text == expected)
    }

    @Test(
        "every code gives an error answer that is known as one",
        arguments: RecordErrorCode.allCases
    )
    func everyCode(code: RecordErrorCode) {
        var line: [UInt8] = []
        AnswerWriter.appendFailure(RecordFailure(index: 0, code: code, message: ""), to: &line)
        #expect(line.text.contains(#""error":{"code":"\#(code.rawValue)","message":""}"#))
        #expect(Self.isError(line.dropLast().text))
    }

    @Test("the codes are spelled as they are documented") func codes() {
        let expected = """
            bad_json bad_utf8 missing_field wrong_type empty too_long line_too_large bad_parameter \
            template_error out_of_memory engine_failed poison cancelled
            """
        #expect(RecordErrorCode.allCases.map(\.rawValue).joined(separator: " ") == expected)
    }

    @Test("an answer is an error only by a field error of its own") func errors() {
        #expect(!Self.isError(Self.answer(["error"], [1])))
        var record = Self.record
        record.id = Array("{\"error\":\"error\"}".utf8)
        record.carried = [CarriedField(name: Array("\"k\"".utf8), value: record.id)]
        #expect(!Self.isError(Self.answer(["a"], [1], record: record)))
        #expect(Self.isError(#"{"id":1,"error":{}}"#))
        #expect(!Self.isError(#"{"id":1,"errors":{},"Error":1}"#))
        #expect(!Self.isError(""))
    }

    @Test("the names of an answer's own fields are the reserved ones") func reserved() throws {
        let answer = Self.answer(["a"], [1], isTruncated: true, tokenIDs: [1])
        var failure: [UInt8] = []
        let poison = RecordFailure(index: 0, code: .poison, message: "")
        AnswerWriter.appendFailure(poison, to: &failure)
        let fields = try JSONScannerTests.scan(answer) + JSONScannerTests.scan(failure.text)
        let names = Set(fields.map { String($0.name.dropFirst().dropLast()) })
        #expect(names == AnswerWriter.reservedFields(of: TaskOptions()))
    }
}
