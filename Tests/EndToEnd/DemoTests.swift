import FoundationEssentials
import Platform
import Testing

@Suite("The demo's model against transformers in float64", .serialized, .timeLimit(.minutes(10)))
struct DemoTests {
    static let folder: String = {
        let root = Files.directory(of: Files.directory(of: Files.directory(of: #filePath)))
        return "\(root)/jobs/debian-sections"
    }()

    /// What transformers answers for a record alone; see jobs/debian-sections/reference.py.
    struct Reference: Decodable {
        let id: String
        let label: String
        let score: Double
        let tokens: Int
        let label_margin: Double
        let expert_margin: Double

        /// Whether rounding may pick another label or expert.
        var isNarrow: Bool { label_margin < 1e-4 || expert_margin < 1e-5 }
    }

    struct Answer: Decodable {
        struct Usage: Decodable { let prompt_tokens: Int }
        let id: String
        let label: String
        let score: Double
        let usage: Usage
    }

    private func read<Line: Decodable>(_ path: String, as type: Line.Type) throws -> [Line] {
        try Folder.bytes(path).split(separator: 0x0A).map {
            try JSONDecoder().decode(type, from: Data($0))
        }
    }

    @Test(
        "all 4,000 labels and probabilities are those of the reference, with any instruction set",
        arguments: ["", "avx2", "generic"]
    )
    func reference(instructionSet: String) throws {
        let output = try Folder.make() + "/labels.jsonl"
        let words = [
            "env", "KENNEL_ISA=\(instructionSet)", Program.path, "run",
            "\(Self.folder)/held-out.jsonl", "--model", "\(Self.folder)/model",
            "--output", output, "--workers", "2",
        ]
        let outcome = try Program.start(words).wait()
        #expect(outcome.code == 0, "\(outcome.errors)")
        let references = try read("\(Self.folder)/reference.jsonl", as: Reference.self)
        let answers = try read(output, as: Answer.self)
        try #require(references.count == 4000)
        try #require(answers.count == 4000)
        var largest = 0.0
        var narrow: [String] = []
        for (answer, reference) in zip(answers, references) {
            try #require(answer.id == reference.id)
            #expect(answer.usage.prompt_tokens == reference.tokens, "\(answer.id)")
            let difference = abs(answer.score - reference.score)
            if reference.isNarrow {
                let change = answer.label == reference.label ? "" : ", other label"
                narrow.append("\(answer.id) (\(difference)\(change))")
                continue
            }
            largest = max(largest, difference)
            #expect(answer.label == reference.label, "\(answer.id)")
            #expect(difference <= 1e-4, "\(answer.id)")
        }
        // Without this, a model in doubt everywhere would pass unseen.
        #expect(narrow.count < references.count / 10)
        print("largest difference \(largest), \(narrow.count) narrow: \(narrow)")
    }
}
