import Records
import Testing

@Suite("Answers of generated texts") struct GeneratedAnswerTests {
    typealias Candidate = GeneratedSample.Candidate

    static let sample = GeneratedSample(
        text: Array("a \"b\"\n".utf8),
        finishReason: .stop,
        tokenIDs: [3, 1, 4]
    )

    static func answer(
        _ samples: [GeneratedSample],
        carried: [CarriedField] = [],
        isTruncated: Bool = false,
        hasTokenIDs: Bool = false
    ) -> String {
        let id = Array("\"a\"".utf8)
        let record = Record(index: 5, id: id, text: [], carried: carried)
        var line: [UInt8] = []
        AnswerWriter.appendGeneration(
            of: record,
            samples: samples,
            promptTokens: 12,
            isTruncated: isTruncated,
            hasTokenIDs: hasTokenIDs,
            to: &line
        )
        return line.text
    }

    @Test("one text stands in the answer itself") func single() {
        let expected =
            #"{"id":"a","index":5,"text":"a \"b\"\n","finish_reason":"stop","#
            + #""usage":{"prompt_tokens":12,"completion_tokens":3}}"# + "\n"
        #expect(Self.answer([Self.sample]) == expected)
        let carried = [CarriedField(name: Array("\"k\"".utf8), value: [0x31])]
        let whole = Self.answer(
            [Self.sample],
            carried: carried,
            isTruncated: true,
            hasTokenIDs: true
        )
        #expect(whole.hasSuffix(#"3},"truncated":true,"token_ids":[3,1,4],"k":1}"# + "\n"))
    }

    @Test("several texts stand in a list, and the usage counts all") func several() {
        let other = GeneratedSample(text: [], finishReason: .length, tokenIDs: [])
        let expected =
            #"{"id":"a","index":5,"samples":[{"text":"a \"b\"\n","finish_reason":"stop","#
            + #""token_ids":[3,1,4]},{"text":"","finish_reason":"length","token_ids":[]}],"#
            + #""usage":{"prompt_tokens":12,"completion_tokens":3}}"# + "\n"
        #expect(Self.answer([Self.sample, other], hasTokenIDs: true) == expected)
        #expect(!Self.answer([Self.sample, other]).contains("token_ids"))
    }

    @Test("log-probabilities have the shape of OpenAI's chat answers") func logprobs() {
        var sample = Self.sample
        sample.logprobs = [
            GeneratedSample.Step(
                chosen: Candidate(bytes: Array("é".utf8), logprob: -0.5),
                best: [
                    Candidate(bytes: [0x22], logprob: -0.25),
                    Candidate(bytes: [0xC3], logprob: -.infinity),
                ]
            ),
            GeneratedSample.Step(chosen: Candidate(bytes: [], logprob: 0), best: []),
        ]
        let expected =
            #","finish_reason":"stop","logprobs":{"content":["#
            + #"{"token":"é","logprob":-0.5,"bytes":[195,169],"top_logprobs":["#
            + #"{"token":"\"","logprob":-0.25,"bytes":[34]},"#
            + "{\"token\":\"\u{FFFD}\",\"logprob\":-9999.0,\"bytes\":[195]}]},"
            + #"{"token":"","logprob":0.0,"bytes":[],"top_logprobs":[]}]},"usage":"#
        #expect(Self.answer([sample]).contains(expected))
        // In a list too, each text has its own.
        #expect(Self.answer([Self.sample, sample]).contains("\"samples\""))
        sample.logprobs = []
        #expect(Self.answer([sample]).contains(#""logprobs":{"content":[]},"usage""#))
    }

    @Test("a text that ends inside a character is UTF-8 all the same") func brokenText() {
        let sample = GeneratedSample(
            text: Array("a".utf8) + [0xE2, 0x82] + Array("b".utf8) + [0xF0, 0x9F],
            finishReason: .length,
            tokenIDs: [1]
        )
        #expect(Self.answer([sample]).contains("\"text\":\"a\u{FFFD}b\u{FFFD}\","))
    }

    @Test("no text at all is a trap") func noSamples() async {
        await #expect(processExitsWith: .failure) { _ = GeneratedAnswerTests.answer([]) }
    }

    @Test("the names of its fields are the reserved ones of the task") func reserved() throws {
        var sample = Self.sample
        sample.logprobs = []
        let answers = [[sample], [sample, sample]].map {
            Self.answer($0, isTruncated: true, hasTokenIDs: true)
        }
        var options = TaskOptions()
        options.task = .generate
        let names = try answers.flatMap { try JSONScannerTests.names($0) }
        #expect(Set(names + ["error"]) == AnswerWriter.reservedFields(of: options))
    }
}
