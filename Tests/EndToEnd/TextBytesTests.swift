import FoundationEssentials
import Glibc
import Platform
import Testing

@Suite("Answers of all tasks, byte by byte", .serialized, .timeLimit(.minutes(10)))
struct TextBytesTests {
    private let texts = TextTests()

    /// Prompts with so much beside them that they fill several shards.
    private static let lines = TextTests.prompts.map {
        $0.dropLast() + #", "beside": ""# + String(repeating: "x", count: 1500) + #""}"#
    }

    /// The lines by their ids, without the place in the input.
    private func byID(_ output: [UInt8]) -> [String: String] {
        var answers: [String: String] = [:]
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ",", maxSplits: 2)
            answers[String(fields[0])] = String(fields[2])
        }
        return answers
    }

    @Test(
        "the bytes are the same for any workers, threads and order of the input",
        arguments: [
            (
                "causal",
                ["--task", "generate", "--max-new-tokens", "30", "--stop", "e", "--logprobs", "3"]
            ),
            ("causal-moe", ["--choices", " the dog, in", "--choice-score", "mean"]),
            ("causal-moe", ["--task", "score"]),
            ("regression", ["--task", "embed", "--token-ids"]),
            ("body", ["--task", "embed", "--pooling", "mean"]),
        ]
    )
    func sameBytes(model: String, words: [String]) throws {
        let wish = words + ["--text-field", "prompt"]
        let expected = try texts.run(Self.lines, model, wish + ["--threads", "1"])
        #expect(expected.code == 0, "\(expected.errors)")
        #expect(byID(expected.output).count == Self.lines.count)
        for more in [
            ["--workers", "2", "--threads", "1"], ["--workers", "3", "--threads", "2"],
        ] {
            #expect(try texts.run(Self.lines, model, wish + more).output == expected.output)
        }
        let turned = try texts.run(Self.lines.reversed(), model, wish + ["--workers", "2"])
        #expect(byID(turned.output) == byID(expected.output))
    }

    @Test("a worker killed and the run interrupted while texts grow, the output has the same bytes")
    func interrupted() throws {
        let folder = try Folder.make()
        let lines = (0..<20).flatMap { _ in TextTests.prompts }
        try Folder.write(Array(lines.joined(separator: "\n").utf8), to: "\(folder)/in.jsonl")
        func words(_ name: String) -> [String] {
            [
                "run", "\(folder)/in.jsonl", "--model", "\(TextTests.checkpoints)/causal-moe",
                "--output", "\(folder)/\(name)", "--task", "generate", "--temperature", "1",
                "--max-new-tokens", "60", "--threads", "1",
            ]
        }
        #expect(try Program.run(words("whole") + ["--workers", "2"]).code == 0)
        let run = try Program.start([Program.path] + words("cut") + ["--workers", "2"])
        let segments = "\(folder)/cut.kennel/data/out"
        while (try? Files.names(in: segments))?.isEmpty != false, !run.isZombie {}
        let worker = try #require(run.workers.first)
        kill(worker, SIGKILL)
        while run.workers.contains(worker), !run.isZombie {}
        kill(run.process, SIGINT)
        let outcome = run.wait()
        #expect(outcome.code == 130, "\(outcome.errors)")
        #expect(try Program.run(words("cut")).code == 0)
        #expect(Folder.bytes("\(folder)/cut") == Folder.bytes("\(folder)/whole"))
    }
}
