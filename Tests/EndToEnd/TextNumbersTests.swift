import FoundationEssentials
import Glibc
import Platform
import Testing

@Suite("Answers of all tasks against transformers in float64", .timeLimit(.minutes(10)))
struct TextNumbersTests {
    private let texts = TextTests()
    private static let golden: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/golden"
    }()

    /// What transformers answers for a text; see Tests/Reference/README.md.
    private struct Reference: Decodable {
        struct Choice: Decodable {
            let text: String
            let logprob: Double
        }
        let text: String
        let ids: [Int32]
        var checkpoint: String?
        var hidden_last: [Double]?
        var hidden_mean: [Double]?
        var logprob: Double?
        var logits: [Double]?
        var choices: [Choice]?
        var tokens: [Int32]?
        var margins: [Double]?
        var logprobs: [Double]?
        var expert_margin: Double?
        var window_margin_untied: Double?

        /// Whether rounding may pick another expert or another key.
        var isNarrow: Bool { min(expert_margin ?? 1, window_margin_untied ?? 1) < 1e-5 }
    }

    /// The log-probabilities of a generated text.
    private struct Made: Decodable {
        struct Content: Decodable {
            struct Step: Decodable { let logprob: Double }
            let content: [Step]
        }
        let token_ids: [Int32]
        let logprobs: Content
    }

    private func references(_ name: String) throws -> [Reference] {
        try Folder.bytes("\(Self.golden)/\(name).jsonl").split(separator: 0x0A).map {
            try JSONDecoder().decode(Reference.self, from: Data($0))
        }
    }

    private func lines(_ references: [Reference]) throws -> [String] {
        try references.enumerated().map { number, reference in
            let text = try JSONEncoder().encode(reference.text)
            return #"{"id":\#(number),"text":\#(String(decoding: text, as: UTF8.self))}"#
        }
    }

    private func difference(_ a: [Double]?, _ b: [Double]?) throws -> Double {
        let (a, b) = (try #require(a), try #require(b))
        try #require(a.count == b.count)
        return zip(a, b).map { abs($0 - $1) }.max() ?? 0
    }

    @Test("vectors are the states of the last token, and the mean of all")
    func vectors() throws {
        for name in ["body", "causal"] {
            let references = try references(name)
            for pooling in ["last", "mean"] {
                let wish = ["--task", "embed", "--pooling", pooling, "--token-ids"]
                let made = try texts.run(lines(references), name, wish)
                let answers = try texts.answers(made.output)
                try #require(answers.count == references.count, "\(made.errors)")
                for (answer, reference) in zip(answers, references) where !reference.isNarrow {
                    #expect(answer.token_ids == reference.ids)
                    let expected = pooling == "last" ? reference.hidden_last : reference.hidden_mean
                    #expect(try difference(answer.embedding, expected) < 1e-4)
                }
            }
        }
    }

    @Test(
        "scores are the sum of the tokens' log-probabilities",
        arguments: ["causal", "causal-moe"]
    )
    func scores(name: String) throws {
        let references = try references(name)
        let answers = try texts.answers(
            texts.run(lines(references), name, ["--task", "score"]).output
        )
        try #require(answers.count == references.count)
        for (answer, reference) in zip(answers, references) where !reference.isNarrow {
            let logprob = try #require(answer.logprob)
            let expected = try #require(reference.logprob)
            #expect(answer.tokens == reference.ids.count - 1)
            // A sum of many has the error of many.
            #expect(abs(logprob - expected) < 1e-4 * Double(max(1, reference.ids.count / 10)))
        }
    }

    @Test("a regression's scores are its logits") func logits() throws {
        let references = try references("regression")
        let answers = try texts.answers(texts.run(lines(references), "regression", []).output)
        try #require(answers.count == references.count)
        for (answer, reference) in zip(answers, references) {
            let scores = try #require(answer.scores).values.sorted()
            #expect(try difference(scores, reference.logits?.sorted()) < 1e-4)
        }
    }

    @Test("choices have their log-probabilities, and the softmax over these")
    func choices() throws {
        // A comma parts choices on the command line.
        let some = try references("choices").filter { reference in
            reference.choices?.allSatisfy { !$0.text.contains(",") } == true && !reference.isNarrow
        }
        for name in ["causal", "causal-moe"] {
            for reference in some.filter({ $0.checkpoint == name }).prefix(3) {
                let choices = try #require(reference.choices)
                let wish = ["--choices", choices.map(\.text).joined(separator: ",")]
                let made = try texts.run(lines([reference]), name, wish)
                let answer = try #require(try texts.answers(made.output).first, "\(made.errors)")
                let best = choices.map(\.logprob).max() ?? 0
                let sum = choices.reduce(0) { $0 + exp($1.logprob - best) }
                for choice in choices {
                    let logprob = try #require(answer.logprobs?[choice.text])
                    #expect(abs(logprob - choice.logprob) < 1e-4, "\(name) \(choice.text)")
                    let score = try #require(answer.scores?[choice.text])
                    #expect(abs(score - exp(choice.logprob - best) / sum) < 1e-4)
                }
            }
        }
    }

    @Test("greedy texts are those of transformers' own cache, as far as the choice is clear")
    func generated() throws {
        let references = try references("generation/causal")
        let wish = [
            "--task", "generate", "--max-new-tokens", "64", "--token-ids", "--logprobs", "0",
        ]
        let made = try texts.run(lines(references), "causal", wish)
        let answers = try made.output.split(separator: 0x0A).map {
            try JSONDecoder().decode(Made.self, from: Data($0))
        }
        try #require(answers.count == references.count, "\(made.errors)")
        var compared = 0
        for (answer, reference) in zip(answers, references) where !reference.isNarrow {
            let tokens = try #require(reference.tokens)
            let margins = try #require(reference.margins)
            let clear = margins.firstIndex { $0 < 1e-4 } ?? tokens.count
            // The reference goes on behind the end of a text, token 1.
            let end = tokens.firstIndex(of: 1).map { $0 + 1 } ?? tokens.count
            let count = min(clear, end)
            #expect(Array(answer.token_ids.prefix(count)) == Array(tokens.prefix(count)))
            if end <= clear { #expect(answer.token_ids.count == end) }
            let logprobs = answer.logprobs.content.prefix(count).map(\.logprob)
            let expected = try #require(reference.logprobs).prefix(count)
            #expect(try difference(logprobs, Array(expected)) < 1e-4)
            compared += count
        }
        #expect(compared > 200)
    }
}
