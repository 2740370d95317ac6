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
        /// There, and true, where more was reached than was ever seen in registers: the machine is
        /// not steady, and no share can be told.
        var isOverLimit: Bool?
        /// Share of the time of a pass that each part takes, of a layer's in their order.
        var profile: [Part]?

        /// Tells the share that `operations` per second are of the limit.
        mutating func setShare(_ operations: Double, of limit: Double) {
            if operations <= limit {
                limitShare = operations / limit
            } else {
                isOverLimit = true
            }
        }

        /// The share for people.
        fileprivate var shareText: String {
            if let limitShare { return ", \(Int((limitShare * 100).rounded())) % of the limit" }
            guard isOverLimit == true else { return "" }
            return ", more than was seen in registers: keep the machine idle and measure again"
        }
    }

    struct Part: Encodable {
        let part: String
        let share: Double
    }

    /// The instruction set whose kernels computed.
    var kernels: String?
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
        var lines = facts.kernels.map { ["kernels: \($0)"] } ?? []
        for (type, limit) in facts.limits.sorted(by: { $0.value < $1.value }) {
            lines.append("\(type): the cores can do \(Self.whole(limit)) GFLOP/s in registers")
        }
        lines += facts.placements
        for run in facts.runs {
            let layout =
                run.ranks.map { "\($0) rank\($0 == 1 ? "" : "s")" }
                ?? "\(run.replicas ?? 1) x \(run.tensorParallel ?? 1)"
            let speed = "\(Self.whole(run.tokensPerSecond)) tokens/s"
            lines.append("\(run.dtype), \(layout): \(speed)\(run.shareText)")
            for part in run.profile ?? [] {
                let percent = Double(Int(part.share * 1000)) / 10
                lines.append("    \(part.part): \(percent) %")
            }
        }
        if let speed = facts.megabytesPerSecond {
            let tokens = facts.tokensPerSecond.map { ", \(Self.whole($0)) tokens/s" } ?? ""
            lines.append("tokenizer: \(Double(Int(speed * 10)) / 10) MB/s\(tokens) on one thread")
        }
        text = lines.joined(separator: "\n")
    }

    private static func whole(_ number: Double) -> String { String(Int(number.rounded())) }
}
