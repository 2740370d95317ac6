extension AnswerWriter {
    /// Appends the answer of a classified record.
    ///
    /// - Parameters:
    ///   - scores: one for each label, finite.
    ///   - logprobs: of choices, the log-probability of each, finite; nil for a model's own labels.
    ///   - promptTokens: tokens that the model read.
    ///   - tokenIDs: ids of these, where they were asked for.
    package func appendClassification(
        of record: Record,
        scores: [Float],
        logprobs: [Float]? = nil,
        promptTokens: Int,
        isTruncated: Bool,
        tokenIDs: [Int32]?,
        to line: inout [UInt8]
    ) {
        precondition(scores.count == labels.count, "one score for each label")
        precondition(logprobs?.count ?? labels.count == labels.count, "one for each choice")
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        let order = order(of: scores)
        Self.appendHead(id: record.id, index: record.index, to: &line)
        line += Array(",\"label\":".utf8) + labels[best]
        line += Array(",\"score\":\(scores[best]),\"scores\":".utf8)
        append(scores, in: order, to: &line)
        if let logprobs {
            line += Array(",\"logprobs\":".utf8)
            append(logprobs, in: order, to: &line)
        }
        Self.appendUsage(promptTokens: promptTokens, isTruncated: isTruncated, to: &line)
        if let tokenIDs { Self.appendTokenIDs(tokenIDs, to: &line) }
        Self.appendTail(record.carried, to: &line)
    }

    /// Labels to be named: all in the model's order, or the best ones first, the earlier of equals.
    private func order(of scores: [Float]) -> [Int] {
        guard let topLabels else { return Array(scores.indices) }
        let sorted = scores.indices.sorted { left, right in
            scores[left] != scores[right] ? scores[left] > scores[right] : left < right
        }
        return Array(sorted.prefix(topLabels))
    }

    /// The numbers of some labels, by name.
    private func append(_ numbers: [Float], in order: [Int], to line: inout [UInt8]) {
        line.append(UInt8(ascii: "{"))
        for (place, index) in order.enumerated() {
            if place > 0 { line.append(UInt8(ascii: ",")) }
            line += labels[index]
            line.append(UInt8(ascii: ":"))
            line += Array("\(numbers[index])".utf8)
        }
        line.append(UInt8(ascii: "}"))
    }
}
