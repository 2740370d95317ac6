import FoundationEssentials
import Glibc
import Platform
import Testing

@Suite("Looking at a model, and trying it", .timeLimit(.minutes(10))) struct LookTests {
    private static let jobs: String = {
        let root = Files.directory(of: Files.directory(of: Files.directory(of: #filePath)))
        return "\(root)/jobs"
    }()
    private static let describing = "\(jobs)/debian-describe/model"
    private static let sections = "\(jobs)/debian-sections/model"
    private static let prompt = "Package: 2vcard\nSection: utils\nDescription:"

    private struct Facts: Decodable {
        let architecture: String
        let tasks: [String]
        let parameters: Int
        let labels: [String]?
        let digest: String
        let weight_bytes_by_dtype: [String: Int]
        let cache_bytes_per_token: Int
        let cache_bytes_per_token_by_dtype: [String: Int]
        let cache_bytes_per_text_by_dtype: [String: Int]
    }

    @Test("the facts of a model are told to people and to programs")
    func inspect() throws {
        for (model, count, tasks) in [
            (Self.describing, 3_970_824, ["generate", "score", "embed", "classify --choices"]),
            (Self.sections, 3_479_372, ["classify", "embed"]),
        ] {
            let page = try Program.run(["model", "inspect", model])
            #expect(page.code == 0 && page.output.contains(tasks.joined(separator: ", ")))
            let json = try Program.run(["model", "inspect", model, "--json"])
            let facts = try JSONDecoder().decode(Facts.self, from: Data(json.output.utf8))
            #expect(facts.parameters == count && facts.tasks == tasks)
            #expect(facts.digest.count == 64 && page.output.contains(facts.digest))
            let bytes = ["int8", "bf16", "f32"].compactMap { facts.weight_bytes_by_dtype[$0] }
            #expect(bytes.count == 3 && bytes == bytes.sorted())
            #expect(page.output.contains("MiB in bf16, "))
            let cache = facts.cache_bytes_per_token_by_dtype
            #expect(cache["f32"] == facts.cache_bytes_per_token && cache["int8"] == cache["bf16"])
            #expect(cache.keys == facts.cache_bytes_per_text_by_dtype.keys && cache.count == 3)
            let isTold = page.output.contains("in bf16 and int8 for each token of a growing text")
            #expect(isTold == tasks.contains("generate"))
            #expect(facts.labels?.count == (model == Self.sections ? 42 : nil))
        }
        let bad = try Program.run(["model", "inspect", "/nowhere"])
        #expect(bad.code == 2 && bad.errors.contains("/nowhere/config.json"))
    }

    @Test("a model without a tokenizer, or with bad defaults, is told of all the same")
    func incomplete() throws {
        let folder = try Folder.make()
        for name in ["config.json", "model.safetensors"] {
            try Folder.write(Folder.bytes("\(Self.describing)/\(name)"), to: "\(folder)/\(name)")
        }
        try Folder.write(Array(#"{"num_beams": 4}"#.utf8), to: "\(folder)/generation_config.json")
        let page = try Program.run(["model", "inspect", folder])
        #expect(page.code == 0 && page.output.contains("3,970,824"), "\(page.errors)")
        for hint in ["tokenizer.json", "num_beams is 4", "none without a tokenizer"] {
            #expect(page.output.contains(hint), "\(page.output)")
        }
        try Folder.write(Array("{}".utf8), to: "\(folder)/tokenizer.json")
        try Folder.write(Array("{{ x }}".utf8), to: "\(folder)/chat_template.jinja")
        let damaged = try Program.run(["model", "inspect", folder, "--json"])
        #expect(damaged.code == 0 && damaged.output.contains(#""tokenizer_problem":"#))
        #expect(damaged.output.contains(#""digest":"#), "it needs the file, whatever it says")
        #expect(damaged.output.contains(#""chat_template":"chat_template.jinja""#))
    }

    @Test("a text is answered by what the model is for, as a job would answer it")
    func tried() throws {
        let text = try Program.run([
            "try", "--model", Self.describing, Self.prompt, "--max-new-tokens", "6",
        ])
        #expect(text.code == 0 && text.output == " 2D/3d\n")
        #expect(text.errors.contains("tokens/s"))
        let label = try Program.run(["try", "--model", Self.sections, "a game of chess"])
        #expect(label.code == 0 && label.output.contains("  games\n"))
        for more in [["--tensor-parallel", "2"], ["--dtype", "bf16", "--replicas", "1"]] {
            let words = ["try", "--model", Self.describing, Self.prompt, "--max-new-tokens", "6"]
            #expect(try Program.run(words + more).output == " 2D/3d\n")
        }
        let choice = try Program.run([
            "try", "--model", Self.describing, Self.prompt, "--choices", " 2D, dog",
        ])
        #expect(choice.output.hasPrefix("1.0000   2D\n"))
        let score = try Program.run([
            "try", "--model", Self.describing, Self.prompt, "--task", "score",
        ])
        #expect(score.output.contains("perplexity "))
        let line = try Program.run([
            "try", "--model", Self.describing, Self.prompt, "--max-new-tokens", "6", "--json",
        ])
        #expect(line.output.hasPrefix(#"{"id":null,"index":0,"text":" 2D/3d","#))
    }

    @Test("waiting for a text can be interrupted, and a pipe is no model's file")
    func waiting() throws {
        let folder = try Folder.make()
        let pipe = "\(folder)/config.json"
        #expect(mkfifo(pipe, 0o600) == 0)
        // With its own writer the pipe neither ends nor says anything.
        let writer = open(pipe, O_RDWR | O_CLOEXEC)
        defer { close(writer) }
        let script = #"exec "$0" try --model "$1" - < "$2""#
        let waiting = try Program.start(
            ["timeout", "--preserve-status", "-k", "20", "-s", "INT", "0.5"]
                + ["sh", "-c", script, Program.path, Self.describing, pipe]
        ).wait()
        #expect(waiting.code == 128 + SIGINT, "\(waiting.code): \(waiting.errors)")
        let model = try Program.run(["try", "--model", folder, "x"], killedAfter: 20)
        #expect(model.code == 2 && model.errors.contains("not a regular file"))
        let link = "\(folder)/linked"
        try FileManager.default.createDirectory(atPath: link, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(link)/\(name)",
                withDestinationPath: "\(Self.describing)/\(name)"
            )
        }
        #expect(mkfifo("\(link)/tokenizer.json", 0o600) == 0)
        let tokenizer = try Program.run(["try", "--model", link, "x"], killedAfter: 20)
        #expect(tokenizer.code == 2 && tokenizer.errors.contains("it is not a file"))
    }

    @Test("what cannot be tried is refused in a sentence")
    func refusals() throws {
        let cases: [([String], Int32, String)] = [
            (["--model", "/nowhere", "x"], 2, "/nowhere"),
            (["--model", Self.sections, "--task", "generate", "x"], 2, "lm_head"),
            (["--model", Self.describing, "x", "--max-length", "1"], 1, "--max-length"),
            (["--model", Self.sections, "x", "--top-p", "0.5"], 2, "--top-p"),
            (["--model", Self.describing], 2, "TEXT"),
            (["--model", Self.describing, "x", "--dtype", "f16"], 2, "f32, bf16, int8, auto"),
            (["--model", Self.describing, "x", "--replicas", "none"], 2, "auto or a whole number"),
        ]
        for (words, code, hint) in cases {
            let outcome = try Program.run(["try"] + words)
            #expect(outcome.code == code && outcome.errors.contains(hint), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
