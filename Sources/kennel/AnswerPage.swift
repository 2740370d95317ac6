import FoundationEssentials

/// An answer for people: what its line says, in a few lines of text.
struct AnswerPage {
    let text: String

    private struct Line: Decodable {
        struct Sample: Decodable {
            let text: String
            let finish_reason: String
        }

        var text: String?
        var finish_reason: String?
        var samples: [Sample]?
        var label: String?
        var scores: [String: Double]?
        var embedding: [Double]?
        var logprob: Double?
        var tokens: Int?
        var perplexity: Double?
        var causal: Bool?
    }

    /// Labels and numbers that are shown.
    private static let shownMax = 8

    /// - Parameter line: of an answer, no error's; what is no answer is shown as it is.
    init(line: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Line.self, from: Data(line)) else {
            text = String(decoding: line, as: UTF8.self)
            return
        }
        var lines: [String] = []
        if let text = answer.text { lines.append(text) }
        for (number, sample) in (answer.samples ?? []).enumerated() {
            lines.append("--- \(number + 1) (\(sample.finish_reason))")
            lines.append(sample.text)
        }
        for (label, score) in (answer.scores ?? [:])
            .sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(Self.shownMax)
        {
            lines.append("\(Self.rounded(score))  \(label)")
        }
        if let vector = answer.embedding {
            let first = vector.prefix(Self.shownMax).map(Self.rounded).joined(separator: " ")
            lines.append("\(first)\(vector.count > Self.shownMax ? " ..." : "")")
            lines.append("\(vector.count) numbers")
        }
        if let logprob = answer.logprob {
            lines.append("log-probability \(Self.rounded(logprob)) of \(answer.tokens ?? 0) tokens")
            lines.append("perplexity \(answer.perplexity.map(Self.rounded) ?? "none")")
            if answer.causal == false {
                lines.append("not causal: the experts of a token depend on all of the text")
            }
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Four decimals.
    private static func rounded(_ value: Double) -> String {
        guard abs(value) < 1e12 else { return "\(value)" }
        let whole = Int((abs(value) * 10_000).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        return "\(sign)\(whole / 10_000).\(String(10_000 + whole % 10_000).dropFirst())"
    }
}
