import FoundationEssentials

/// What was measured, as `--json` prints it.
struct BenchFacts: Encodable {
    /// One figure.
    struct Run: Encodable {
        var dtype: String
        var batch: Int?
        var length: Int?
        var streams: Int?
        var prompt: Int?
        var new: Int?
        var replicas: Int?
        var tensorParallel: Int?
        /// Threads of a lookup of experts.
        var ranks: Int?
        let tokensPerSecond: Double
        /// Share of what the cores can do in registers.
        var limitShare: Double?
        /// Share of the time of a pass that each part takes, of a layer's in their order.
        var profile: [Part]?
    }

    struct Part: Encodable {
        let part: String
        let share: Double
    }

    /// Operations per second that all threads reach in registers, by type, in units of 10^9.
    var limits: [String: Double] = [:]
    /// Where the threads run, and why.
    var placements: [String] = []
    var runs: [Run] = []
    /// 10^6 bytes of text per second, of the tokenizer.
    var megabytesPerSecond: Double?
    var tokensPerSecond: Double?

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Nothing here has a number that JSON lacks.
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}

/// The same for people.
struct BenchPage {
    /// Without a line end behind the last line.
    let text: String

    init(_ facts: BenchFacts) {
        var lines: [String] = []
        for (type, limit) in facts.limits.sorted(by: { $0.value < $1.value }) {
            lines.append("\(type): the cores can do \(Self.whole(limit)) GFLOP/s in registers")
        }
        lines += facts.placements
        for run in facts.runs {
            let layout =
                run.ranks.map { "\($0) rank\($0 == 1 ? "" : "s")" }
                ?? "\(run.replicas ?? 1) x \(run.tensorParallel ?? 1)"
            let share = run.limitShare.map { ", \(Int(($0 * 100).rounded())) % of the limit" } ?? ""
            lines.append(
                "\(run.dtype), \(layout): \(Self.whole(run.tokensPerSecond)) tokens/s\(share)"
            )
            for part in run.profile ?? [] {
                let percent = Double(Int(part.share * 1000)) / 10
                lines.append("    \(part.part): \(percent) %")
            }
        }
        if let speed = facts.megabytesPerSecond {
            lines.append("tokenizer: \(Double(Int(speed * 10)) / 10) MB/s on one thread")
        }
        text = lines.joined(separator: "\n")
    }

    private static func whole(_ number: Double) -> String { String(Int(number.rounded())) }
}
