/// Writes answers, one JSON line each; the same answer always has the same bytes.
package struct AnswerWriter: Sendable {
    let labels: [[UInt8]]
    let topLabels: Int?

    /// - Parameters:
    ///   - labels: names of the classes in the model's order, or the choices; else empty.
    ///   - topLabels: how many an answer names, best first; nil for all, in the model's order.
    package init(labels: [String], topLabels: Int?) {
        self.labels = labels.map { label in
            var quoted: [UInt8] = []
            JSONText.append(label.utf8, to: &quoted)
            return quoted
        }
        self.topLabels = topLabels
    }

    /// Names of an answer's own fields, which no carried field may have.
    package static func reservedFields(of options: TaskOptions) -> Set<String> {
        let shared: Set = ["id", "index", "error", "usage", "truncated", "token_ids"]
        return switch options.task {
        case .classify where options.choices.isEmpty: shared.union(["label", "score", "scores"])
        case .classify: shared.union(["label", "score", "scores", "logprobs"])
        case .generate: shared.union(["text", "finish_reason", "logprobs", "samples"])
        case .embed: shared.union(["embedding"])
        case .score: shared.union(["logprob", "tokens", "perplexity", "causal"])
        }
    }

    /// Appends the answer of a record that failed.
    package static func appendFailure(_ failure: RecordFailure, to line: inout [UInt8]) {
        appendHead(id: failure.id, index: failure.index, to: &line)
        line += Array(",\"error\":{\"code\":\"\(failure.code.rawValue)\",\"message\":".utf8)
        JSONText.append(failure.message.utf8, to: &line)
        line.append(UInt8(ascii: "}"))
        appendTail(failure.carried, to: &line)
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
}

/// The parts that answers of all tasks share.
extension AnswerWriter {
    static func appendHead(id: [UInt8], index: Int, to line: inout [UInt8]) {
        line += Array("{\"id\":".utf8) + id + Array(",\"index\":\(index)".utf8)
    }

    static func appendUsage(
        promptTokens: Int,
        completionTokens: Int = 0,
        isTruncated: Bool,
        to line: inout [UInt8]
    ) {
        line += Array(",\"usage\":{\"prompt_tokens\":\(promptTokens),".utf8)
        line += Array("\"completion_tokens\":\(completionTokens)}".utf8)
        if isTruncated { line += Array(",\"truncated\":true".utf8) }
    }

    static func appendTokenIDs(_ tokenIDs: [Int32], to line: inout [UInt8]) {
        line += Array(",\"token_ids\":".utf8)
        appendList(tokenIDs, to: &line) { id, line in line += Array(String(id).utf8) }
    }

    static func appendTail(_ carried: [CarriedField], to line: inout [UInt8]) {
        for field in carried {
            line.append(UInt8(ascii: ","))
            line += field.name
            line.append(UInt8(ascii: ":"))
            line += field.value
        }
        line += Array("}\n".utf8)
    }

    static func appendList<Element>(
        _ elements: some Sequence<Element>,
        to line: inout [UInt8],
        _ append: (Element, inout [UInt8]) -> Void
    ) {
        line.append(UInt8(ascii: "["))
        for (place, element) in elements.enumerated() {
            if place > 0 { line.append(UInt8(ascii: ",")) }
            append(element, &line)
        }
        line.append(UInt8(ascii: "]"))
    }
}
