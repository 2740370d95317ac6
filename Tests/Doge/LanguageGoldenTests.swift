import Testing

@testable import Doge

@Suite("Answers of the reference for language models") struct LanguageGoldenTests {
    /// Sums of f32 products against float64.
    static let tolerance = 1e-4
    /// Below this, rounding may turn a greedy choice.
    static let marginMin = 1e-3

    @Test(
        "hidden states are those of transformers in float64, by every rotary type",
        arguments: Golden.languageNames + ["body", "older-names", "older-names-plain"]
    )
    func hiddenStates(name: String) throws {
        let texts = try Golden.lines(name, as: Golden.Text.self)
        let engine = try Engine(
            model: DogeModel(directory: Golden.checkpoint(name)),
            threads: 1
        )
        let last = try engine.embeddings(of: texts.map(\.ids), pooling: .last)
        let mean = try engine.embeddings(of: texts.map(\.ids), pooling: .mean)
        var largest = 0.0
        for (index, text) in texts.enumerated() where !text.isNarrow {
            for (got, expected) in [
                (last[index], text.hidden_last), (mean[index], text.hidden_mean),
            ] {
                #expect(got.count == expected.count)
                let difference = zip(got, expected).map { abs(Double($0) - $1) }.max() ?? 0
                #expect(difference <= Self.tolerance, "record \(index) of \(text.ids.count) tokens")
                largest = max(largest, difference)
            }
        }
        print("\(name): hidden states \(largest), narrow \(texts.filter(\.isNarrow).count)")
    }

    @Test(
        "log-probabilities are those of transformers in float64",
        arguments: Golden.languageNames + ["older-names", "older-names-plain"]
    )
    func logProbabilities(name: String) throws {
        let texts = try Golden.lines(name, as: Golden.Text.self)
        let engine = try Engine(
            model: DogeModel(directory: Golden.checkpoint(name)),
            threads: 1
        )
        let answers = try engine.logProbabilities(of: texts.map(\.ids))
        var largest = 0.0
        for (index, text) in texts.enumerated() where !text.isNarrow {
            let expected = try #require(text.logprobs)
            #expect(answers[index].count == text.ids.count - 1)
            let difference = zip(answers[index], expected).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(difference <= Self.tolerance, "record \(index) of \(text.ids.count) tokens")
            let sum = answers[index].reduce(0.0) { $0 + Double($1) }
            let whole = abs(sum - (text.logprob ?? 0)) / Double(max(1, answers[index].count))
            #expect(whole <= Self.tolerance, "record \(index) of \(text.ids.count) tokens")
            largest = max(largest, difference)
        }
        print("\(name): log-probabilities \(largest)")
    }

    @Test(
        "greedy answers are those of transformers' cached decoding",
        arguments: Golden.languageNames
    )
    func greedy(name: String) throws {
        let records = try Golden.lines("generation/\(name)", as: Golden.Continuation.self)
        let engine = try Engine(
            model: DogeModel(directory: Golden.checkpoint(name)),
            threads: 1
        )
        let listeners = try engine.answers(to: records.map(\.ids)) { _ in
            var choosing = GenerationTask.Choosing(tokensMax: 64)
            choosing.alternatives = 0
            return .chosen(choosing)
        }
        var (largest, compared, narrow) = (0.0, 0, 0)
        for (index, record) in records.enumerated() {
            let answer = listeners[index].answers[0]
            #expect(answer.end == .length && answer.tokens.count == 64)
            if record.isNarrow {
                narrow += 1
                continue
            }
            // Behind a choice that rounding may turn, the texts are others.
            let safe = record.margins.firstIndex { $0 < Self.marginMin } ?? 64
            #expect(Array(answer.ids.prefix(safe)) == Array(record.tokens.prefix(safe)), "\(index)")
            for (got, expected) in zip(answer.tokens, record.logprobs).prefix(safe) {
                let difference = abs(Double(got.logProbability ?? .nan) - expected)
                largest = max(largest, difference)
                #expect(difference <= Self.tolerance, "record \(index)")
            }
            compared += safe
        }
        #expect(compared > 64 * (records.count - 2), "most are compared to their end")
        print("\(name): \(compared) tokens, log-probabilities \(largest), narrow \(narrow)")
    }

    @Test("the best logits behind a text are transformers'", arguments: Golden.languageNames)
    func logits(name: String) throws {
        let texts = try Golden.lines(name, as: Golden.Text.self)
        let model = try DogeModel(directory: Golden.checkpoint(name))
        let evaluator = try Evaluator(
            model: model,
            crew: Crew(count: 1),
            pool: PagePool(model.configuration),
            batchTokens: Batch.tokensUsual
        )
        for (index, text) in texts.enumerated() where !text.isNarrow {
            let last = text.ids.count - 1
            let segment = Segment(tokens: text.ids, wanted: last..<last + 1, cache: nil)
            try evaluator.forward([segment])
            try evaluator.languageLogits([.init(segment: 0, position: last)]) { _, logits in
                for best in text.last_logits_top ?? [] {
                    let difference = abs(Double(logits[Int(best[0])]) - best[1])
                    #expect(difference <= Self.tolerance, "record \(index)")
                }
            }
            #expect(text.last_logits_top?.count == 5)
        }
    }

    /// Dense models in one rotary regime, and experts that each token finds by itself.
    static let stepwise = [
        "causal", "causal-per-token", "causal-sliding", "causal-sliding-window", "causal-untied",
        "causal-window", "causal-xielu", "linear", "llama3", "proportional", "yarn", "yarn-mscale",
    ]

    @Test("token by token or in one pass, the probabilities are the same", arguments: stepwise)
    func incremental(name: String) throws {
        let texts = try Golden.lines(name, as: Golden.Text.self).filter { $0.ids.count > 4 }
        let engine = try Engine(
            model: DogeModel(directory: Golden.checkpoint(name)),
            threads: 1
        )
        let whole = try engine.logProbabilities(of: texts.map(\.ids))
        // Half of the text is the prompt, the other half follows token by token.
        let halves = texts.map { $0.ids.count / 2 }
        let listeners = try engine.answers(to: zip(texts, halves).map { Array($0.ids[..<$1]) }) {
            .given([Array(texts[$0].ids[halves[$0]...])])
        }
        for (index, text) in texts.enumerated() where !text.isNarrow {
            let expected = whole[index].suffix(text.ids.count - halves[index])
            let got = listeners[index].answers[0].tokens.map { $0.logProbability ?? .nan }
            #expect(got.count == expected.count)
            let difference = zip(got, expected).map { abs($0 - $1) }.max() ?? 0
            #expect(difference <= Float(Self.tolerance), "record \(index)")
        }
    }

    @Test("choices are weighed as by transformers, the prompt read once")
    func choices() throws {
        let weighings = try Golden.lines("choices", as: Golden.Weighing.self)
        for name in Set(weighings.map(\.checkpoint)).sorted() {
            let records = weighings.filter { $0.checkpoint == name }
            let engine = try Engine(
                model: DogeModel(directory: Golden.checkpoint(name)),
                threads: 1
            )
            let listeners = try engine.answers(to: records.map(\.ids)) {
                .given(records[$0].choices.map(\.ids))
            }
            for (record, listener) in zip(records, listeners) {
                for (choice, answer) in zip(record.choices, listener.answers) {
                    #expect(answer.ids == choice.ids && answer.end == .length)
                    let sum = answer.tokens.reduce(0.0) { $0 + Double($1.logProbability ?? .nan) }
                    let count = Double(choice.ids.count)
                    #expect(abs(sum - choice.logprob) / count <= Self.tolerance, "\(name)")
                }
            }
        }
    }
}
