import Doge
import FoundationEssentials
import Platform
import Testing

@Suite("Measuring a machine and a model", .timeLimit(.minutes(10))) struct BenchTests {
    private static let jobs: String = {
        let root = Files.directory(of: Files.directory(of: Files.directory(of: #filePath)))
        return "\(root)/jobs"
    }()
    private static let describing = "\(jobs)/debian-describe/model"
    private static let sections = "\(jobs)/debian-sections/model"

    private struct Facts: Decodable {
        struct Part: Decodable {
            let part: String
            let share: Double
        }

        struct Run: Decodable {
            let dtype: String
            let replicas: Int?
            let tensorParallel: Int?
            let ranks: Int?
            let tokensPerSecond: Double
            let limitShare: Double?
            let profile: [Part]?

            var layout: String { "\(dtype) \(replicas ?? 0) x \(tensorParallel ?? 0)" }
        }

        let kernels: String?
        let limits: [String: Double]
        let placements: [String]
        let runs: [Run]
        let megabytesPerSecond: Double?
    }

    private func facts(_ words: [String]) throws -> Facts {
        let result = try Program.run(["bench", "--json", "--seconds", "0.05"] + words)
        #expect(result.code == 0, "\(result.errors)")
        return try JSONDecoder().decode(Facts.self, from: Data(result.output.utf8))
    }

    @Test("passes are measured in each type and layout, as shares of the machine's limit")
    func passes() throws {
        let words = ["--model", Self.sections, "--batch", "4", "--length", "32", "--threads", "2"]
        let all = try facts(words)
        #expect(
            Set(all.runs.map(\.layout)) == [
                "f32 2 x 1", "f32 1 x 2", "bf16 2 x 1", "bf16 1 x 2", "int8 2 x 1", "int8 1 x 2",
            ]
        )
        #expect(all.limits.count == 3 && all.limits.values.allSatisfy { $0 > 0 })
        #expect(all.runs.allSatisfy { $0.tokensPerSecond > 0 && $0.profile == nil })
        #expect(all.runs.allSatisfy { (0.001...1).contains($0.limitShare ?? 0) })
        let one = try facts(
            words + ["--dtype=bf16", "--tensor-parallel=2", "--profile", "--no-pin"]
        )
        #expect(one.runs.map(\.layout) == ["bf16 1 x 2"])
        #expect(one.placements == ["threads are not pinned, as asked for"])
        #expect(all.placements.count == 1 && all.placements != one.placements)
        let parts = one.runs.first?.profile ?? []
        #expect(abs(parts.reduce(0) { $0 + $1.share } - 1) < 1e-6)
        // This model has experts, so that every part of a layer takes time.
        #expect(parts.count == 9 && parts.contains { $0.part == "experts" })
    }

    @Test("the kernels are those that are asked for, or the best that the processor has")
    func kernels() throws {
        let words = ["--model", Self.sections, "--batch=2", "--length=16", "--threads=1"]
        let here = InstructionSet.here.map(\.rawValue)
        for set in here {
            let facts = try facts(words + ["--dtype=f32", "--kernels", set])
            #expect(facts.kernels == set && facts.runs.count == 1)
        }
        #expect(try facts(["--experts=90", "--width=9"]).kernels == here.first)
        let page = try Program.run(
            ["bench", "--seconds=0.02", "--dtype=f32", "--kernels=generic"] + words
        )
        #expect(page.code == 0 && page.output.hasPrefix("kernels: generic\nf32: "))
    }

    @Test("texts that grow, experts and tokenizers are measured")
    func others() throws {
        let grown = try facts([
            "--model", Self.describing, "--streams=3", "--new=8", "--dtype=f32,int8", "--threads=1",
        ])
        #expect(grown.runs.map(\.layout) == ["f32 1 x 1", "int8 1 x 1"])
        let experts = try facts([
            "--experts=500", "--width=100", "--per-token=4", "--tokens=50", "--threads=2",
        ])
        #expect(experts.runs.map(\.ranks) == [1, 2, 1, 2] && experts.limits.isEmpty)
        let tokens = try facts([
            "--tokenizer", "--model", Self.sections, "--input",
            "\(Self.jobs)/debian-sections/held-out.jsonl",
        ])
        #expect((tokens.megabytesPerSecond ?? 0) > 0 && tokens.runs.isEmpty)
        let names = try facts([
            "--tokenizer", "--model", Self.sections, "--text-field=id", "--input",
            "\(Self.jobs)/debian-sections/held-out.jsonl",
        ])
        #expect((names.megabytesPerSecond ?? 0) > 0)
        let page = try Program.run(["bench", "--experts=90", "--width=9", "--seconds=0.02"])
        #expect(page.code == 0 && page.output.contains("f32, 1 rank: "))
    }

    @Test(
        "what cannot be measured is refused in a sentence",
        arguments: [
            ([], "kennel bench needs --model DIR"),
            (["--model", "/nowhere"], "/nowhere/config.json"),
            (["--model", "x", "--dtype=f32,f16"], "some of f32, bf16, int8"),
            (["--model", sections, "--streams=2"], "lm_head.weight"),
            (["--model", "x", "--streams=2", "--batch=3"], "--batch means nothing"),
            (["--model", "x", "--new=3"], "--new means nothing"),
            (["--tokenizer", "--model", sections], "--input"),
            (["--tokenizer", "--model", sections, "--input", "/nowhere"], "/nowhere"),
            (["--model", "x", "--batch=1000000", "--length=1000000"], "--length expects"),
            (["--experts=3", "--per-token=4"], "--per-token expects"),
            (["--model=x", "--kernels=sse9"], "avx2, generic, got \"sse9\""),
            (["--tokenizer", "--model=x", "--kernels=avx2"], "--kernels means nothing beside"),
            (["--experts=3", "--model=x"], "--model means nothing beside --experts"),
            (["--experts=3", "--replicas=2"], "--replicas means nothing beside --experts"),
            (["--experts=3", "--pin"], "--pin means nothing beside --experts"),
            (["--tokenizer", "--model=x", "--no-pin"], "--no-pin means nothing beside"),
            (["--model=x", "--pin", "--no-pin"], "--pin means nothing beside --no-pin"),
            (["--experts=3", "--tokenizer"], "or leave out --experts"),
            (["--experts=3", "--dtype=bf16,int8"], "some of f32, bf16 with"),
            (["--tokenizer", "--model=x", "--dtype=f32"], "--dtype means nothing beside"),
            (["--tokenizer", "--model=x", "--threads=2"], "or leave out --tokenizer"),
            (["--model=x", "--text-field=body"], "say --tokenizer"),
            (["--model=x", "--streams=2", "--width=9"], "say --experts in place of --streams"),
        ]
    )
    func refused(words: [String], sentence: String) throws {
        let result = try Program.run(["bench"] + words)
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(result.errors.contains(sentence), "\(result.errors)")
    }
}
