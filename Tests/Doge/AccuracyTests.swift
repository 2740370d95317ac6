import FoundationEssentials
import Glibc
import Testing
import Tokenization

@testable import Doge

/// What narrower numbers cost the two models of the jobs, on texts that these have not learned.
@Suite("What narrower numbers cost", .serialized) struct AccuracyTests {
    /// A held-out description; see jobs/debian-sections.
    struct HeldOut: Decodable {
        let id: String
        let text: String
        let section: String

        /// As the describing model has learned texts; see jobs/debian-describe/make_prompts.py.
        var description: String { "Package: \(id)\nSection: \(section)\nDescription: \(text)" }
    }

    static let jobs = Golden.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("jobs")

    /// The 4,000 held-out records.
    static func heldOut() throws -> [HeldOut] {
        let file = jobs.appendingPathComponent("debian-sections/held-out.jsonl")
        return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(HeldOut.self, from: Data($0))
        }
    }

    private static func model(_ job: String) -> String {
        jobs.appendingPathComponent("\(job)/model").path
    }

    /// The tokens of texts as a job's model reads them.
    private static func tokens(_ texts: [String], _ job: String) throws -> [[Int32]] {
        let tokenizer = try Tokenizer(directory: model(job))
        let scratch = tokenizer.makeScratch()
        return try texts.map { try tokenizer.encode(Array($0.utf8), scratch: scratch).ids }
    }

    private static func engine(_ job: String, _ type: DataType) throws -> Engine {
        try Engine(model: DogeModel(directory: model(job), dataType: type), threads: 2)
    }

    @Test("the classifier changes 1 label in 1,000 at most in bf16, and 5 in int8")
    func labels() throws {
        let records = try Self.heldOut()
        try #require(records.count == 4_000)
        let texts = try Self.tokens(records.map(\.text), "debian-sections")
        var labels: [DataType: [String?]] = [:]
        for type in DataType.allCases {
            let engine = try Self.engine("debian-sections", type)
            let names = engine.model.configuration.labels
            labels[type] = try engine.logits(of: texts).map { logits in
                logits.indices.max { logits[$0] < logits[$1] }.map { names[$0] }
            }
        }
        let exact = try #require(labels[.f32])
        for (type, most) in [(DataType.bf16, 4), (.int8, 20)] {
            let got = try #require(labels[type])
            let changed = zip(exact, got).count { $0 != $1 }
            func right(_ labels: [String?]) -> Int {
                zip(labels, records).count { $0 == $1.section }
            }
            print(
                "\(type): \(changed) of 4,000 labels are not f32's; \(right(got)) are right, "
                    + "\(right(exact)) in f32"
            )
            #expect(changed <= most, "\(type)")
        }
    }

    @Test("the describing model's perplexity rises by 0.5 % at most in bf16, and 2 % in int8")
    func perplexity() throws {
        let records = try Self.heldOut()
        let all = try Self.tokens(records.map(\.description), "debian-describe")
        // As many positions as the model has learned; every eighth text, for time's sake.
        let texts = all.enumerated().filter { $0.offset % 8 == 0 && $0.element.count <= 2_048 }
            .map(\.element)
        func perplexity(_ type: DataType) throws -> Double {
            let answers = try Self.engine("debian-describe", type).logProbabilities(of: texts)
            let sum = answers.joined().reduce(0.0) { $0 + Double($1) }
            return exp(-sum / Double(answers.reduce(0) { $0 + $1.count }))
        }
        let exact = try perplexity(.f32)
        for (type, most) in [(DataType.bf16, 0.005), (.int8, 0.02)] {
            let got = try perplexity(type)
            let rise = got / exact - 1
            print("\(type): perplexity \(got), f32's \(exact): a rise of \(100 * rise) %")
            #expect(rise <= most, "\(type)")
        }
    }
}
