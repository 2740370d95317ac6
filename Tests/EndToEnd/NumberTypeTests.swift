import FoundationEssentials
import Glibc
import Platform
import Testing

@Suite(
    "The engine's numbers and layout, as jobs ask for them",
    .serialized,
    .timeLimit(.minutes(10))
)
struct NumberTypeTests {
    private struct Answer: Decodable {
        let label: String
        let score: Double
    }

    private let folder: String
    private let input: String

    init() throws {
        folder = try Folder.make()
        input = "\(folder)/first.jsonl"
        let lines = Folder.bytes("\(DemoTests.folder)/held-out.jsonl").split(separator: 0x0A)
        try Folder.write(Array(lines.prefix(200).joined(separator: [0x0A])), to: input)
    }

    /// Runs a job of the first records; its answers go to `name`.
    private func run(
        _ name: String,
        _ more: [String],
        instructionSet: String = ""
    ) throws -> (outcome: Program.Outcome, bytes: [UInt8]) {
        let words = [
            "env", "KENNEL_ISA=\(instructionSet)", Program.path, "run", input, "--model",
            "\(DemoTests.folder)/model", "--output", "\(folder)/\(name)",
        ]
        let outcome = try Program.start(words + more).wait()
        return (outcome, Folder.bytes("\(folder)/\(name)"))
    }

    private func answers(_ bytes: [UInt8]) throws -> [Answer] {
        try bytes.split(separator: 0x0A).map {
            try JSONDecoder().decode(Answer.self, from: Data($0))
        }
    }

    @Test(
        "narrower numbers give nearly all of f32's labels, and the same bytes with any layout",
        arguments: [("bf16", 0.02), ("int8", 0.1)]
    )
    func narrower(dtype: String, scoreDifference: Double) throws {
        let whole = try answers(run("f32", []).bytes)
        let narrow = try run("narrow", ["--dtype", dtype, "--threads", "1"])
        #expect(narrow.outcome.code == 0, "\(narrow.outcome.errors)")
        let answers = try answers(narrow.bytes)
        try #require(whole.count == 200 && answers.count == 200)
        var changed = 0
        var largest = 0.0
        for (one, other) in zip(whole, answers) {
            changed += one.label == other.label ? 0 : 1
            largest = max(largest, abs(one.score - other.score))
        }
        #expect(changed <= 4 && largest > 0 && largest < scoreDifference, "\(changed), \(largest)")
        let layouts = [
            ["--workers", "2"], ["--threads", "3"], ["--tensor-parallel", "2"],
            ["--replicas", "2", "--tensor-parallel", "2", "--threads", "4"],
            ["--workers", "2", "--replicas", "1", "--tensor-parallel", "2"],
        ]
        for (number, layout) in layouts.enumerated() {
            let again = try run("layout-\(number)", ["--dtype", dtype] + layout)
            #expect(again.outcome.code == 0 && again.bytes == narrow.bytes, "\(layout)")
        }
    }

    @Test("a job in other numbers is another job, and the state folder's are named")
    func otherType() throws {
        #expect(try run("out", []).outcome.code == 0)
        let other = try run("out", ["--dtype", "bf16"]).outcome
        #expect(other.code == 2)
        #expect(other.errors.contains("the dtype was to be f32"), "\(other.errors)")
        let same = try run("out", ["--dtype", "f32"]).outcome
        #expect(same.code == 0 && same.output.hasPrefix("already done: "))
    }

    @Test("auto is told with its reason, and is the type that it names")
    func auto() throws {
        let plain = try run("auto", ["--dtype", "auto"], instructionSet: "avx2")
        #expect(plain.outcome.code == 0)
        #expect(
            plain.outcome.errors.hasPrefix(
                "kennel: dtype auto is f32 here: KENNEL_ISA leaves out the instructions that "
            )
        )
        let same = try run("auto", ["--dtype", "f32"]).outcome
        #expect(same.output.hasPrefix("already done: "), "\(same.errors)")
        let silent = try run("silent", ["--dtype", "int8"]).outcome
        #expect(!silent.errors.contains("dtype"))
    }

    @Test("a job file says the same, and what is no type or no layout is refused in a sentence")
    func words() throws {
        let fields =
            #"{"input": "first.jsonl", "model": "\#(DemoTests.folder)/model", "output": "file", "#
            + #""dtype": "bf16", "replicas": 1, "tensor-parallel": "2"}"#
        try Folder.write(Array(fields.utf8), to: "\(folder)/job.json")
        let file = try Program.run(["run", "\(folder)/job.json"])
        #expect(file.code == 0, "\(file.errors)")
        #expect(try Folder.bytes("\(folder)/file") == run("flag", ["--dtype", "bf16"]).bytes)
        let cases: [([String], String)] = [
            (["--dtype", "f16"], "--dtype expects one of f32, bf16, int8, auto, got \"f16\""),
            (["--replicas", "0"], "--replicas expects auto or a whole number from 1 to 1024"),
            (["--tensor-parallel", "512", "--replicas", "3"], "at most 1024 threads in all teams"),
            (["--replicas", "2", "--threads", "3"], "--threads expects a multiple of --replicas"),
        ]
        for (words, sentence) in cases {
            let outcome = try run("refused", words).outcome
            #expect(outcome.code == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
        }
    }

    @Test("a worker tells once for each model how its engine is laid out, and why")
    func told() throws {
        let state = "\(folder)/state"
        let (coordinator, address) = try ClusterTests.startCoordinator(state, "tcp://127.0.0.1:*")
        defer {
            kill(coordinator.process, SIGKILL)
            _ = coordinator.wait()
        }
        let worker = try Program.start([
            Program.path, "worker", "--coordinator", address, "--tensor-parallel", "2",
            "--threads", "2", "--no-pin",
        ])
        for dtype in ["bf16", "bf16", "int8"] {
            let outcome = try Program.run([
                "submit", input, "--model", "\(DemoTests.folder)/model", "--wait", "--state",
                state, "--dtype", dtype, "--output", "\(folder)/\(Entropy.identifier())",
            ])
            #expect(outcome.code == 0, "\(outcome.errors)")
        }
        kill(worker.process, SIGTERM)
        let told = worker.wait().errors.split(separator: "\n").filter { $0.contains("engine: ") }
        #expect(
            told.map(String.init)
                == ["bf16", "int8"].map { dtype in
                    "kennel worker: engine: 1 replica x 2 ranks, \(dtype): "
                        + "2 threads in teams of the size asked for; "
                        + "threads are not pinned, as asked for"
                }
        )
    }
}
