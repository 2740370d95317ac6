import FoundationEssentials
import Platform
import Testing

@Suite("Texts, choices, vectors and scores, as a user asks for them", .timeLimit(.minutes(10)))
struct TextTests {
    static let checkpoints: String = {
        let tests = Files.directory(of: Files.directory(of: #filePath))
        return "\(tests)/Reference/checkpoints"
    }()

    struct Answer: Decodable {
        struct Problem: Decodable {
            let code: String
            let message: String
        }
        struct Sample: Decodable { let text: String }
        struct Usage: Decodable {
            let prompt_tokens: Int
            let completion_tokens: Int
        }
        let id: Int?
        var score: Double?
        var token_ids: [Int32]?
        var text: String?
        var finish_reason: String?
        var samples: [Sample]?
        var label: String?
        var scores: [String: Double]?
        var logprobs: [String: Double]?
        var embedding: [Double]?
        var logprob: Double?
        var tokens: Int?
        var causal: Bool?
        var truncated: Bool?
        var usage: Usage?
        var error: Problem?
    }

    /// Prompts of different lengths.
    static let prompts = (0..<60).map { number in
        let words = (0...number * 7919 % 40).map { "dog\($0 * number % 23)" }
        return #"{"id": \#(number), "prompt": "\#(words.joined(separator: " "))"}"#
    }

    /// Runs a job over lines: its exit code, what it said, and its output.
    func run(
        _ lines: [String],
        _ model: String,
        _ more: [String]
    ) throws -> (code: Int32, errors: String, output: [UInt8]) {
        let folder = try Folder.make()
        try Folder.write(Array(lines.joined(separator: "\n").utf8), to: "\(folder)/in.jsonl")
        let outcome = try Program.run(
            [
                "run", "\(folder)/in.jsonl", "--model",
                model.hasPrefix("/") ? model : "\(Self.checkpoints)/\(model)",
                "--output", "\(folder)/out.jsonl",
            ] + more
        )
        return (outcome.code, outcome.errors, Folder.bytes("\(folder)/out.jsonl"))
    }

    func answers(_ output: [UInt8]) throws -> [Answer] {
        try output.split(separator: 0x0A).map {
            try JSONDecoder().decode(Answer.self, from: Data($0))
        }
    }

    @Test(
        "drawn texts have the same bytes whatever the workers, threads and room",
        arguments: ["causal", "causal-moe", "causal-sliding-window"]
    )
    func sameBytes(model: String) throws {
        let wish = [
            "--task", "generate", "--temperature", "0.9", "--top-p", "0.95", "--n", "2",
            "--max-new-tokens", "12", "--logprobs", "1", "--seed", "11",
        ]
        let expected = try run(Self.prompts, model, wish + ["--workers", "1", "--threads", "1"])
        #expect(expected.code == 0, "\(expected.errors)")
        let first = try answers(expected.output)
        #expect(first.map(\.id) == Array(0..<60))
        #expect(first.contains { $0.samples?[0].text != $0.samples?[1].text })
        for more in [
            ["--workers", "3", "--threads", "1"], ["--workers", "1", "--threads", "3"],
            ["--workers", "1", "--threads", "1", "--cache-mib", "1"],
        ] {
            #expect(try run(Self.prompts, model, wish + more).output == expected.output)
        }
        let other = try run(Self.prompts, model, wish.dropLast() + ["12"])
        #expect(other.output != expected.output, "another seed draws other texts")
    }

    @Test("killed while texts grow and run again, the output has the same bytes")
    func killed() throws {
        let folder = try Folder.make()
        let lines = (0..<20).flatMap { _ in Self.prompts }
        try Folder.write(Array(lines.joined(separator: "\n").utf8), to: "\(folder)/in.jsonl")
        func command(_ name: String) -> [String] {
            [
                "run", "\(folder)/in.jsonl", "--model", "\(Self.checkpoints)/causal",
                "--output", "\(folder)/\(name)", "--task", "generate", "--temperature", "1",
                "--max-new-tokens", "60",
            ]
        }
        #expect(try Program.run(command("whole")).code == 0)
        var (kills, code) = (0, Int32(137))
        while code == 137 {
            let seconds = 0.2 + 0.1 * Double(kills)
            code = try Program.run(command("cut"), killedAfter: seconds).code
            kills += code == 137 ? 1 : 0
        }
        #expect(code == 0 && kills > 0)
        #expect(Folder.bytes("\(folder)/cut") == Folder.bytes("\(folder)/whole"))
    }

    @Test("a record's own fields count, and a wrong one is that record's error")
    func ownFields() throws {
        let lines = [
            #"{"id":0,"prompt":"dog","max_new_tokens":3}"#,
            #"{"id":1,"prompt":"dog","max_new_tokens":"many"}"#,
            #"{"id":2,"prompt":"dog","temperature":-1}"#,
            #"{"id":3,"prompt":"dog","n":2,"max_new_tokens":2}"#,
            #"{"id":4,"messages":[{"role":"user","content":"dog"}]}"#,
            #"{"id":5,"text":"dog","max_new_tokens":1}"#, #"{"id":6}"#,
        ]
        let made = try run(lines, "causal", ["--task", "generate"])
        #expect(made.code == 1)
        let answers = try answers(made.output)
        #expect(
            answers.map(\.error?.code)
                == [
                    nil, "bad_parameter", "bad_parameter", nil, "bad_parameter", nil,
                    "missing_field",
                ]
        )
        #expect(answers[0].usage?.completion_tokens == 3)
        #expect(answers[3].samples?.count == 2 && answers[3].usage?.completion_tokens == 4)
        #expect(answers[5].usage?.completion_tokens == 1)
    }

    @Test("choices are weighed, the better one is the label")
    func choices() throws {
        for how in ["sum", "mean"] {
            let made = try run(
                Self.prompts,
                "causal-moe",
                ["--choices", " the dog, in", "--choice-score", how, "--text-field", "prompt"]
            )
            #expect(made.code == 0, "\(made.errors)")
            for answer in try answers(made.output) {
                let scores = try #require(answer.scores)
                #expect(scores.keys.sorted() == [" in", " the dog"])
                #expect(abs(scores.values.reduce(0, +) - 1) < 1e-5)
                #expect(answer.label == scores.max { $0.value < $1.value }?.key)
                #expect(answer.logprobs?.values.allSatisfy { $0 < 0 } == true)
            }
        }
    }

    @Test("vectors of any model, and scores that say where they are not causal")
    func passes() throws {
        for model in ["body", "causal", "dense"] {
            for pooling in ["last", "mean"] {
                let made = try run(
                    Self.prompts,
                    model,
                    ["--task", "embed", "--pooling", pooling, "--text-field", "prompt"]
                )
                #expect(made.code == 0, "\(made.errors)")
                #expect(try Set(answers(made.output).map { $0.embedding?.count }).count == 1)
            }
        }
        for (model, causal) in [("causal", Bool?.none), ("causal-moe", false)] {
            let made = try run(Self.prompts, model, ["--task", "score", "--text-field", "prompt"])
            #expect(made.code == 0, "\(made.errors)")
            for answer in try answers(made.output) {
                #expect(answer.causal == causal && (answer.logprob ?? 1) < 0)
                #expect(answer.tokens == answer.usage.map { $0.prompt_tokens - 1 })
            }
        }
    }

    @Test("a prompt beyond the limit is its own error, or cut and marked, with room for its answer")
    func limits() throws {
        let lines = [
            #"{"id":0,"prompt":"dog"}"#,
            #"{"id":1,"prompt":"\#(String(repeating: "dog ", count: 80))"}"#,
        ]
        let wish = ["--task", "generate", "--max-length", "40", "--max-new-tokens", "8"]
        let strict = try answers(run(lines, "causal", wish).output)
        #expect(strict.map(\.error?.code) == [nil, "too_long"])
        for side in ["left", "right"] {
            let made = try answers(run(lines, "causal", wish + ["--truncate", side]).output)
            #expect(made.map(\.truncated) == [nil, true])
            #expect(made[1].usage?.prompt_tokens == 32 && made[1].usage?.completion_tokens == 8)
        }
    }

    @Test("a text that needs more room than there is fails alone, and says what to do")
    func room() throws {
        let lines = [
            #"{"id":0,"prompt":"dog"}"#, #"{"id":1,"prompt":"dog","n":64,"max_new_tokens":1000}"#,
        ]
        let wish = ["--task", "generate", "--cache-mib", "1", "--max-new-tokens", "4"]
        let made = try run(lines, "causal", wish.dropLast(2) + [])
        let answers = try answers(made.output)
        #expect(made.code == 1 && answers[0].text != nil)
        #expect(answers[1].error?.code == "out_of_memory")
        #expect(answers[1].error?.message.contains("--cache-mib") == true)
    }

    @Test("defaults that nobody can follow are refused at once, and are nothing to choices")
    func unusableDefaults() throws {
        let model = try Folder.make() + "/model"
        let copy = ["cp", "-r", "\(Self.checkpoints)/causal", model]
        #expect(try Program.start(copy).wait().code == 0)
        let bad = Array(#"{"num_beams": 4}"#.utf8)
        try Folder.write(bad, to: "\(model)/generation_config.json")
        let refused = try run(Self.prompts, model, ["--task", "generate"])
        #expect(refused.code == 2 && refused.errors.contains("num_beams"), "\(refused.errors)")
        let wish = ["--choices", " the, in", "--text-field", "prompt"]
        let weighed = try run(Self.prompts, model, wish)
        #expect(weighed.code == 0, "\(weighed.errors)")
    }

    @Test("a job file says how much room there is, and what the flags say")
    func jobFile() throws {
        let folder = try Folder.make()
        let line = #"{"id":0,"prompt":"dog","n":64,"max_new_tokens":1000}"#
        try Folder.write(Array(line.utf8), to: "\(folder)/in.jsonl")
        let fields = #""input":["in.jsonl"],"output":"out.jsonl","task":"generate","cache-mib":1"#
        let job = #"{\#(fields),"model":"\#(Self.checkpoints)/causal"}"#
        try Folder.write(Array(job.utf8), to: "\(folder)/job.json")
        #expect(try Program.run(["run", "\(folder)/job.json"]).code == 1)
        let answers = try answers(Folder.bytes("\(folder)/out.jsonl"))
        #expect(answers.map(\.error?.code) == ["out_of_memory"])
    }

    @Test(
        "what a model cannot do is refused at once",
        arguments: [
            ("dense", ["--task", "generate"], "lm_head.weight"),
            ("dense", ["--task", "score"], "lm_head.weight"),
            ("causal", [], "--choices"), ("body", ["--task", "generate"], "DogeForCausalLM"),
            ("causal", ["--task", "generate", "--top-labels", "2"], "--top-labels"),
            ("causal", ["--task", "generate", "--temperature", "-1"], "--temperature"),
            ("causal", ["--choices", "one"], "--choices"),
        ]
    )
    func refused(model: String, words: [String], hint: String) throws {
        let made = try run(Self.prompts, model, words)
        #expect(made.code == 2 && made.errors.contains(hint), "\(made.errors)")
        #expect(made.output.isEmpty)
    }
}
