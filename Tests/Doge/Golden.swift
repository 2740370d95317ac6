import FoundationEssentials

/// The checkpoints of the reference and what transformers answers for them in float64.
enum Golden {
    /// The folder Tests/Reference.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference")

    static let names = [
        "biased", "dense", "dynamic", "grouped", "moe", "moe-norm", "regression", "window",
    ]

    /// One record: tokens in, numbers out, and how near a discontinuous choice was.
    struct Record: Decodable {
        let ids: [Int32]
        let logits: [Double]
        let expert_margin: Double?
        let window_margin_untied: Double?

        /// Whether rounding may pick another expert or key, and so another answer.
        ///
        /// Equal keys are no doubt: the reference keeps the latest of them, as we do.
        var isNarrow: Bool {
            (expert_margin ?? 1) < 1e-5 || (window_margin_untied ?? 1) < 1e-5
        }
    }

    static func checkpoint(_ name: String) -> String {
        folder.appendingPathComponent("checkpoints/\(name)").path
    }

    static func records(_ name: String) throws -> [Record] {
        let data = try Data(contentsOf: folder.appendingPathComponent("golden/\(name).jsonl"))
        return try data.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Record.self, from: Data($0))
        }
    }
}
