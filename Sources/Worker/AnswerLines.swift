import Records

/// The answers of a shard, which together are no larger than what can be sent.
///
/// Where they would be, the largest answers become errors, so that the others and the shard stand.
struct AnswerLines {
    private(set) var bytes: [UInt8] = []
    private(set) var failed = 0
    /// Tokens of the answers that stand.
    private(set) var tokens = 0
    private let bytesMax: Int
    private var parts: [Part] = []

    private struct Part {
        var count: Int
        var tokens: Int
        /// Whose answer it is; nil where it is an error already.
        var record: Record?
    }

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Adds an answer, one line.
    mutating func add(_ line: [UInt8], of record: Record, tokens: Int) {
        bytes += line
        self.tokens += tokens
        parts.append(Part(count: line.count, tokens: tokens, record: record))
        shrink()
    }

    /// Adds the answer of a record that failed.
    mutating func add(_ failure: RecordFailure) {
        let start = bytes.count
        AnswerWriter.appendFailure(failure, to: &bytes)
        parts.append(Part(count: bytes.count - start, tokens: 0))
        failed += 1
        shrink()
    }

    private static func tooLarge(_ record: Record) -> RecordFailure {
        record.failure(
            .tooLong,
            "the answers of the record's shard are too large to be sent, and this is the largest; "
                + "ask for fewer samples, tokens or log-probabilities"
        )
    }

    private mutating func shrink() {
        while bytes.count > bytesMax {
            let answers = parts.indices.filter { parts[$0].record != nil }
            let largest = answers.max { parts[$0].count < parts[$1].count }
            guard let largest, let record = parts[largest].record else { return }
            var line: [UInt8] = []
            AnswerWriter.appendFailure(Self.tooLarge(record), to: &line)
            let start = parts[..<largest].reduce(0) { $0 + $1.count }
            bytes.replaceSubrange(start..<start + parts[largest].count, with: line)
            tokens -= parts[largest].tokens
            failed += 1
            parts[largest] = Part(count: line.count, tokens: 0)
        }
    }
}
