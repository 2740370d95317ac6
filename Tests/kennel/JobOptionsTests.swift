import CommandLine
import Records
import Testing

@testable import kennel

@Suite("Options of a job") struct JobOptionsTests {
    static let program = CommandSpecification(
        name: "kennel",
        summary: "",
        subcommands: [RunCommand.specification]
    )

    static func command(_ words: [String]) throws -> ParsedCommand {
        guard case .command(let command) = try program.parse(["run", "in"] + words) else {
            throw NoCommand()
        }
        return command
    }

    static func options(_ words: [String]) throws -> TaskOptions {
        try JobOptions.taskOptions(try command(words))
    }

    struct NoCommand: Error {}

    @Test("without options a job classifies by the field text") func usual() throws {
        var expected = TaskOptions()
        expected.textField = "text"
        #expect(try Self.options([]) == expected)
        #expect(try Self.options(["--text-field", "text"]) == expected)
    }

    @Test("the field of a prompt is left open unless it is named") func promptField() throws {
        #expect(try Self.options(["--task", "generate"]).textField == nil)
        let named = ["--task", "generate", "--text-field", "text"]
        #expect(try Self.options(named).textField == "text")
        #expect(try Self.options(["--task", "score"]).textField == "text")
    }

    @Test("every option of generation arrives") func generation() throws {
        let options = try Self.options([
            "--task", "generate", "--max-new-tokens", "5", "--temperature", "0.5", "--top-k=4",
            "--top-p", ".9", "--min-p", "1e-1", "--repetition-penalty", "1.1", "--stop", "a,b",
            "--stop", "\n", "--n", "2", "--logprobs", "0", "--seed", "18446744073709551615",
        ])
        var expected = GenerationOptions()
        expected.maxNewTokens = 5
        expected.temperature = 0.5
        expected.topK = 4
        expected.topP = 0.9
        expected.minP = 0.1
        expected.repetitionPenalty = 1.1
        expected.stop = ["a,b", "\n"]
        expected.n = 2
        expected.logprobs = 0
        #expect(options.generation == expected)
        #expect(options.seed == .max)
    }

    @Test("choices are parted at commas, or named one by one, and keep their spaces")
    func choices() throws {
        #expect(try Self.options(["--choices", " good, bad"]).choices == [" good", " bad"])
        let words = ["--choices", "a", "--choices=b,c", "--choice-score", "mean"]
        let options = try Self.options(words)
        #expect(options.choices == ["a", "b", "c"])
        #expect(options.choiceScore == .mean)
        #expect(try Self.options(["--task", "embed", "--pooling", "mean"]).pooling == .mean)
    }

    @Test(
        "an option that means nothing for the task is refused, naming both",
        arguments: [
            ("generate", "--top-labels=2", "classify"), ("embed", "--choices=a,b", "classify"),
            ("score", "--choice-score=sum", "classify"), ("classify", "--pooling=last", "embed"),
            ("classify", "--seed=0", "generate"), ("embed", "--stop=a", "generate"),
            ("score", "--logprobs=1", "generate"), ("classify", "--n=1", "generate"),
            ("classify", "--max-new-tokens=1", "generate"), ("score", "--top-p=1", "generate"),
        ]
    )
    func idle(task: String, option: String, fitting: String) {
        let error = #expect(throws: UsageError.self) {
            try Self.options(["--task", task, option])
        }
        let name = option.prefix { $0 != "=" }
        let sentence =
            "\(name) means nothing for the task \(task); leave it out, or say --task \(fitting)"
        #expect(error?.description == sentence)
    }

    @Test(
        "what is not allowed is refused in one sentence",
        arguments: [
            (
                ["--task", "sing"],
                #"--task expects one of classify, generate, embed, score, "#
                    + #"got "sing""#
            ),
            (
                ["--task=generate", "--top-p", "0"],
                #"--top-p expects a number above 0, at most 1, "#
                    + #"got "0""#
            ),
            (
                ["--task=generate", "--n", "1.5"],
                #"--n expects a whole number from 1 to 64, "#
                    + #"got "1.5""#
            ),
            (
                ["--task=generate", "--temperature", "nan"],
                "--temperature expects a number from 0 "
                    + #"to 100, got "nan""#
            ),
            (
                ["--task=generate", "--seed", "-1"],
                "--seed expects a whole number from 0 to "
                    + #"18446744073709551615, got "-1""#
            ),
            (
                ["--task=generate", "--stop", String(repeating: "a", count: 1025)],
                "--stop expects "
                    + "at most 16 texts of 1 to 1024 bytes, got a text of 1025 bytes"
            ),
            (["--choices", "a"], "--choices expects two or more texts that differ, got only one"),
            (
                ["--choices", "a,b,a"],
                "--choices expects two or more texts that differ, "
                    + "got one of them twice"
            ),
            (["--choices", "a,"], "--choices expects TEXTS after it, got an empty text"),
            (
                ["--choice-score", "mean"],
                "--choice-score means nothing without --choices; "
                    + "leave it out, or name the choices"
            ),
        ]
    )
    func refused(words: [String], sentence: String) {
        let error = #expect(throws: UsageError.self) { try Self.options(words) }
        #expect(error?.description == sentence)
    }
}
