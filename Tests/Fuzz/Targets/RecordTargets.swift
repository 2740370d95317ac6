import Records

extension FuzzTarget {
    /// The lines of a shard; byte 0 chooses what the job asks for.
    static let records = FuzzTarget(
        "records",
        dictionary: [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", "\r\n", "\u{FEFF}", "null", "true",
            "false", "0", "-0.0", "1e400", "12345678901234567890", "\\u0000", "\\u00e9",
            "\\ud83d\\ude00", "\\ud800", "\"text\"", "\"prompt\"", "\"id\"", "\"messages\"",
            "\"stop\"", "\"temperature\"", "\"top_k\"", "\"top_p\"", "\"min_p\"",
            "\"max_new_tokens\"", "\"n\"", "\"k\"", "[[[[[[[[", "{\"a\":",
        ]
    ) { input in
        var reader = InputReader(input)
        let choice = reader.byte()
        var options = TaskOptions()
        if choice & 1 != 0 { options.task = .generate }
        if choice & 2 != 0 { options.carry = ["k", "id", "k"] }
        if choice & 4 != 0 { options.textField = "k" }
        if choice & 8 != 0 { options.maxLineBytes = 64 }
        let parser = RecordParser(options)
        // Memory of just this size, so that a read behind it is seen.
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: reader.rest.count)
        defer { bytes.deallocate() }
        _ = bytes.initialize(from: reader.rest)
        let lines = UnsafeBufferPointer(bytes)
        if let fault = linesFault(lines) { return .wrong(fault) }
        var iterator = LineIterator(lines, firstLine: 7)
        var refusal: String?
        while let line = iterator.next() {
            let text = UnsafeBufferPointer(rebasing: lines[line.range])
            var answer: [UInt8] = []
            do throws(RecordFailure) {
                let record = try parser.parse(text, index: line.index)
                if let fault = fault(of: record, line.index) { return .wrong(fault) }
                AnswerWriter(labels: ["a"], topLabels: nil).appendClassification(
                    of: record,
                    scores: [1],
                    promptTokens: 1,
                    isTruncated: false,
                    tokenIDs: nil,
                    to: &answer
                )
            } catch {
                refusal = error.message
                AnswerWriter.appendFailure(error, to: &answer)
            }
            if let fault = fault(ofAnswer: answer) { return .wrong(fault) }
        }
        return refusal.map { .refused($0) } ?? .taken
    }

    private static func fault(of record: Record, _ index: Int) -> String? {
        if record.index != index { return "line \(index) became record \(record.index)" }
        let isText = String(validating: record.text, as: UTF8.self) != nil
        return isText ? nil : "the text of a record is no UTF-8"
    }

    /// An answer must be one line of UTF-8 that holds one JSON object.
    private static func fault(ofAnswer answer: [UInt8]) -> String? {
        guard answer.last == 0x0A, answer.count(where: { $0 == 0x0A }) == 1 else {
            return "an answer is not one line"
        }
        guard String(validating: answer, as: UTF8.self) != nil else {
            return "an answer is no UTF-8"
        }
        let again = RecordParser(TaskOptions())
        do throws(RecordFailure) {
            _ = try answer.dropLast().withUnsafeBufferPointer { line throws(RecordFailure) in
                try again.parse(line, index: 0)
            }
            return nil
        } catch {
            return error.code == .badJSON ? "an answer is no JSON: \(error.message)" : nil
        }
    }

    /// Holds the iterator's lines and the check of UTF-8 against plain loops.
    private static func linesFault(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var expected: [ArraySlice<UInt8>] = []
        for line in Array(bytes).split(separator: 0x0A, omittingEmptySubsequences: false) {
            let line = line.last == 0x0D ? line.dropLast() : line
            if line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) { expected.append(line) }
        }
        var iterator = LineIterator(bytes, firstLine: 0)
        var found: [ArraySlice<UInt8>] = []
        while let line = iterator.next() { found.append(Array(bytes[line.range])[...]) }
        if found != expected { return "\(expected.count) lines are there, \(found.count) found" }
        let isText = String(validating: bytes, as: UTF8.self) != nil
        return isText == (UTF8Check.firstInvalidByte(bytes) == nil)
            ? nil : "the standard library and we differ on whether bytes are UTF-8"
    }
}
