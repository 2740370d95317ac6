import FoundationEssentials
import Platform
import Testing

@Suite("The demo's texts against transformers in float64", .serialized, .timeLimit(.minutes(10)))
struct DescribeTests {
    static let folder: String = {
        let root = Files.directory(of: Files.directory(of: Files.directory(of: #filePath)))
        return "\(root)/jobs/debian-describe"
    }()

    /// What transformers answers for a prompt alone; see jobs/debian-describe/reference.py.
    struct Reference: Decodable {
        let id: String
        let tokens: [Int32]
        let text: String
        let margins: Double
        let expert_margin: Double

        /// Whether rounding may pick another token or expert.
        var isNarrow: Bool { margins < 1e-3 || expert_margin < 1e-5 }

        /// Why the text ends: the model ended it, or it may have no more tokens.
        var finishReason: String { tokens.last == endToken ? "stop" : "length" }
    }

    struct Answer: Decodable {
        struct Usage: Decodable { let completion_tokens: Int }
        let id: String
        let text: String
        let finish_reason: String
        let token_ids: [Int32]
        let usage: Usage
    }

    /// The model's `eos_token_id`.
    private static let endToken: Int32 = 1

    private func read<Line: Decodable>(_ path: String, as type: Line.Type) throws -> [Line] {
        try Folder.bytes(path).split(separator: 0x0A).map {
            try JSONDecoder().decode(type, from: Data($0))
        }
    }

    @Test(
        "all 500 texts have the tokens of the reference, with any instruction set",
        arguments: ["", "avx2", "generic"]
    )
    func reference(instructionSet: String) throws {
        let output = try Folder.make() + "/descriptions.jsonl"
        let words = [
            "env", "KENNEL_ISA=\(instructionSet)", Program.path, "run",
            "\(Self.folder)/job.json", "--output", output, "--token-ids", "--workers", "2",
        ]
        let outcome = try Program.start(words).wait()
        #expect(outcome.code == 0, "\(outcome.errors)")
        let references = try read("\(Self.folder)/reference.jsonl", as: Reference.self)
        let answers = try read(output, as: Answer.self)
        try #require(references.count == 500)
        try #require(answers.count == 500)
        var narrow: [String] = []
        for (answer, reference) in zip(answers, references) {
            try #require(answer.id == reference.id)
            #expect(answer.usage.completion_tokens == answer.token_ids.count, "\(answer.id)")
            let isSame = answer.token_ids == reference.tokens
            if reference.isNarrow {
                narrow.append("\(answer.id)\(isSame ? "" : " (other tokens)")")
                continue
            }
            #expect(isSame, "\(answer.id): \(answer.text)")
            #expect(answer.text == reference.text, "\(answer.id)")
            #expect(answer.finish_reason == reference.finishReason, "\(answer.id)")
        }
        // Without this, a model in doubt everywhere would pass unseen.
        #expect(narrow.count < references.count / 20)
        print("\(narrow.count) narrow: \(narrow)")
    }
}
