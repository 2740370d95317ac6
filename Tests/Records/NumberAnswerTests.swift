import FoundationEssentials
import Records
import Testing

@Suite("Answers of vectors, scores and choices") struct NumberAnswerTests {
    static let record = Record(
        index: 5,
        id: Array("7".utf8),
        text: [],
        carried: [CarriedField(name: Array("\"k\"".utf8), value: Array("[]".utf8))]
    )

    static func embedding(_ numbers: [Float], ids: [Int32]? = nil) -> String {
        var line: [UInt8] = []
        AnswerWriter.appendEmbedding(
            of: record,
            embedding: numbers,
            promptTokens: 2,
            isTruncated: ids != nil,
            tokenIDs: ids,
            to: &line
        )
        return line.text
    }

    static func score(
        _ logprob: Double,
        _ tokens: Int,
        isCausal: Bool = true,
        ids: [Int32]? = nil
    ) -> String {
        var line: [UInt8] = []
        AnswerWriter.appendScore(
            of: record,
            logprob: logprob,
            tokens: tokens,
            isCausal: isCausal,
            promptTokens: 3,
            isTruncated: ids != nil,
            tokenIDs: ids,
            to: &line
        )
        return line.text
    }

    @Test("a vector's numbers are written so that they read back the same") func vector() throws {
        let expected =
            #"{"id":7,"index":5,"embedding":[0.1,-2.0,1e-09],"#
            + #""usage":{"prompt_tokens":2,"completion_tokens":0},"k":[]}"# + "\n"
        #expect(Self.embedding([0.1, -2, 1e-9]) == expected)
        let tail = #"0},"truncated":true,"token_ids":[4,5],"k":[]}"# + "\n"
        #expect(Self.embedding([], ids: [4, 5]).hasSuffix(tail))
        struct Answer: Decodable { let embedding: [Float] }
        let numbers: [Float] = [
            1 / 3, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, 16_777_216, 1e-5, -0.0,
        ]
        let bytes = Data(Self.embedding(numbers).utf8)
        let read = try JSONDecoder().decode(Answer.self, from: bytes).embedding
        #expect(read.map(\.bitPattern) == numbers.map(\.bitPattern))
    }

    @Test(
        "a score has its log-probability, the tokens that have one, and their perplexity",
        arguments: [
            (-2.0, 2, #""logprob":-2.0,"tokens":2,"perplexity":2.718281828459045,"#),
            (0, 1, #""logprob":0.0,"tokens":1,"perplexity":1.0,"#),
            (0, 0, #""logprob":0.0,"tokens":0,"perplexity":null,"#),
            (-1e9, 1, #""logprob":-1000000000.0,"tokens":1,"perplexity":null,"#),
        ]
    )
    func scores(logprob: Double, tokens: Int, part: String) {
        let usage = #""usage":{"prompt_tokens":3,"completion_tokens":0},"k":[]}"# + "\n"
        #expect(Self.score(logprob, tokens) == #"{"id":7,"index":5,"# + part + usage)
    }

    @Test("a probability that is no causal one is marked") func notCausal() {
        let answer = Self.score(-1, 1, isCausal: false, ids: [1])
        #expect(answer.contains(#","causal":false,"usage":"#))
        #expect(answer.hasSuffix(#"0},"truncated":true,"token_ids":[1],"k":[]}"# + "\n"))
        #expect(!Self.score(-1, 1).contains("causal"))
    }

    @Test("choices are labels that have log-probabilities too") func choices() {
        var line: [UInt8] = []
        AnswerWriter(labels: [" a", " b", " c"], topLabels: 2).appendClassification(
            of: Self.record,
            scores: [0.25, 0.5, 0.25],
            logprobs: [-3, -2, -4],
            promptTokens: 2,
            isTruncated: false,
            tokenIDs: nil,
            to: &line
        )
        let expected =
            #"{"id":7,"index":5,"label":" b","score":0.5,"scores":{" b":0.5," a":0.25},"#
            + #""logprobs":{" b":-2.0," a":-3.0},"#
            + #""usage":{"prompt_tokens":2,"completion_tokens":0},"k":[]}"# + "\n"
        #expect(line.text == expected)
        var options = TaskOptions()
        #expect(!AnswerWriter.reservedFields(of: options).contains("logprobs"))
        options.choices = ["a", "b"]
        #expect(AnswerWriter.reservedFields(of: options).contains("logprobs"))
    }

    @Test("the names of their fields are the reserved ones of the task") func reserved() throws {
        let answers: [(TaskOptions.Task, String)] = [
            (.embed, Self.embedding([1], ids: [1])),
            (.score, Self.score(-1, 1, isCausal: false, ids: [1])),
        ]
        for (task, answer) in answers {
            var options = TaskOptions()
            options.task = task
            let names = try JSONScannerTests.names(answer).filter { $0 != "k" }
            #expect(Set(names + ["error"]) == AnswerWriter.reservedFields(of: options))
        }
    }
}
