/// Writes answers, one JSON line each; the same answer always has the same bytes.
package struct AnswerWriter: Sendable {
    /// Names of an answer's own fields, which no carried field may have.
    package static let reservedFields: Set<String> = [
        "id", "index", "label", "score", "scores", "error", "usage", "truncated", "token_ids",
    ]

    private let labels: [[UInt8]]
    private let topLabels: Int?

    /// - Parameters:
    ///   - labels: names of the classes, in the model's order.
    ///   - topLabels: how many an answer names, best first; nil for all, in the model's order.
    package init(labels: [String], topLabels: Int?) {
        self.labels = labels.map { label in
            var quoted: [UInt8] = []
            JSONText.append(label.utf8, to: &quoted)
            return quoted
        }
        self.topLabels = topLabels
    }

    /// Appends the answer of a classified record.
    ///
    /// - Parameters:
    ///   - scores: one for each label, finite.
    ///   - promptTokens: tokens that the model read.
    ///   - tokenIDs: ids of these, where they were asked for.
    package func appendClassification(
        of record: Record,
        scores: [Float],
        promptTokens: Int,
        isTruncated: Bool,
        tokenIDs: [Int32]?,
        to line: inout [UInt8]
    ) {
        precondition(scores.count == labels.count, "one score for each label")
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        appendHead(id: record.id, index: record.index, to: &line)
        line += Array(",\"label\":".utf8) + labels[best]
        line += Array(",\"score\":\(scores[best]),\"scores\":{".utf8)
        for (place, index) in order(of: scores).enumerated() {
            if place > 0 { line.append(UInt8(ascii: ",")) }
            line += labels[index]
            line.append(UInt8(ascii: ":"))
            line += Array("\(scores[index])".utf8)
        }
        line += Array("},\"usage\":{\"prompt_tokens\":\(promptTokens),".utf8)
        line += Array("\"completion_tokens\":0}".utf8)
        if isTruncated { line += Array(",\"truncated\":true".utf8) }
        if let tokenIDs {
            let list = tokenIDs.map(String.init).joined(separator: ",")
            line += Array(",\"token_ids\":[\(list)]".utf8)
        }
        appendTail(record.carried, to: &line)
    }

    /// Appends the answer of a record that failed.
    package static func appendFailure(_ failure: RecordFailure, to line: inout [UInt8]) {
        let writer = AnswerWriter(labels: [], topLabels: nil)
        writer.appendHead(id: failure.id, index: failure.index, to: &line)
        line += Array(",\"error\":{\"code\":\"\(failure.code.rawValue)\",\"message\":".utf8)
        JSONText.append(failure.message.utf8, to: &line)
        line.append(UInt8(ascii: "}"))
        writer.appendTail(failure.carried, to: &line)
    }

    /// Whether an answer line is that of a record that failed.
    package static func isError(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        var found = false
        var scanner = JSONScanner(line)
        try? scanner.fields { name, _ in
            if line[name].elementsEqual("\"error\"".utf8) { found = true }
        }
        return found
    }

    /// Labels to be named: all in the model's order, or the best ones first, the earlier of equals.
    private func order(of scores: [Float]) -> [Int] {
        guard let topLabels else { return Array(scores.indices) }
        let sorted = scores.indices.sorted { left, right in
            scores[left] != scores[right] ? scores[left] > scores[right] : left < right
        }
        return Array(sorted.prefix(topLabels))
    }

    private func appendHead(id: [UInt8], index: Int, to line: inout [UInt8]) {
        line += Array("{\"id\":".utf8) + id + Array(",\"index\":\(index)".utf8)
    }

    private func appendTail(_ carried: [CarriedField], to line: inout [UInt8]) {
        for field in carried {
            line.append(UInt8(ascii: ","))
            line += field.name
            line.append(UInt8(ascii: ":"))
            line += field.value
        }
        line += Array("}\n".utf8)
    }
}
