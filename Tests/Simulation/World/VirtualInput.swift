import Platform
import Scheduling

/// The input of a simulated job: numbered lines, some blank, some that kill who computes them, some
/// above the limit of a line.
struct VirtualInput {
    /// A line's first byte where its computing ends the process.
    static let poison = UInt8(ascii: "!")
    /// The same where its answer is an error.
    static let fault = UInt8(ascii: "?")

    /// Offsets of all lines, and of the end.
    private let starts: [Int]
    private let poisoned: Set<Int>
    private let faulty: Set<Int>
    private let blank: Set<Int>
    /// Bytes of a line above which it stands alone and only its beginning is read.
    private let lineBytesMax: Int
    let recordCount: Int

    var lineCount: Int { starts.count - 1 }
    var byteCount: Int { starts.last ?? 0 }
    var hasPoison: Bool { !poisoned.isEmpty }

    /// - Parameter lengths: bytes of each record's line, line end included, at least 12.
    init(lengths: [Int], blank: Set<Int>, poisoned: Set<Int>, faulty: Set<Int>, lineBytesMax: Int) {
        var offset = 0
        var starts = [0]
        for (line, length) in lengths.enumerated() {
            offset += blank.contains(line) ? 1 : length
            starts.append(offset)
        }
        self.starts = starts
        self.blank = blank
        self.lineBytesMax = lineBytesMax
        // What is not read to its end is not computed either.
        self.poisoned = poisoned.filter { lengths[$0] - 1 <= lineBytesMax }
        self.faulty = faulty.subtracting(self.poisoned)
        recordCount = lengths.count - blank.count
    }

    /// Whether a line wants an answer.
    func isRecord(_ line: Int) -> Bool { !blank.contains(line) }

    /// Whether this line kills who computes it.
    func isPoison(_ line: Int) -> Bool { poisoned.contains(line) }

    /// Whether this line's answer is an error.
    func isFaulty(_ line: Int) -> Bool { faulty.contains(line) }

    /// Whether a line is above the limit.
    func isOverlong(_ line: Int) -> Bool { starts[line + 1] - starts[line] - 1 > lineBytesMax }

    /// Cuts at most `count` shards, as the planner does.
    func plan(
        from start: PlanningCursor,
        count: Int,
        targetBytes: Int,
        recordsMax: Int
    ) -> (ranges: [ShardRange], cursor: PlanningCursor) {
        var cursor = start
        var ranges: [ShardRange] = []
        while ranges.count < count {
            guard cursor.line < lineCount else {
                cursor.isAtEnd = true
                break
            }
            let first = cursor.line
            var line = first
            var records = 0
            repeat {
                if isRecord(line) { records += 1 }
                line += 1
            } while line < lineCount && !isOverlong(first) && !isOverlong(line)
                && (!isRecord(line - 1) || records < recordsMax)
                && (records == 0 || starts[line + 1] - starts[first] <= targetBytes)
            ranges.append(range(first, line, records))
            cursor.line = line
            cursor.byteOffset = starts[line]
        }
        return (ranges, cursor)
    }

    /// Cuts a shard of several records in two, as the planner does.
    func halves(of whole: ShardRange) -> [ShardRange] {
        var line = whole.firstLine
        var records = 0
        while records < max(1, whole.recordCount / 2) {
            if isRecord(line) { records += 1 }
            line += 1
        }
        return [
            range(whole.firstLine, line, records),
            range(line, whole.endLine, whole.recordCount - records),
        ]
    }

    /// The answers of records that were given up: computed by nobody, so under no lease.
    func apology(for range: ShardRange) -> [UInt8] {
        var bytes: [UInt8] = []
        let records = (range.firstLine..<range.endLine).filter(isRecord)
        for (place, line) in records.enumerated() {
            let answer = AnswerLine(
                index: line,
                echo: line,
                lease: 0,
                nonce: 0,
                place: place,
                count: records.count,
                isError: true
            )
            answer.append(to: &bytes, padding: 0)
        }
        return bytes
    }

    private func range(_ first: Int, _ end: Int, _ records: Int) -> ShardRange {
        let isOverlong = isOverlong(first)
        let whole = bytes(first..<end)
        let digest = XXH3.digest(isOverlong ? Array(whole.prefix(lineBytesMax + 1)) : whole)
        return ShardRange(
            input: 0,
            byteOffset: starts[first],
            byteCount: starts[end] - starts[first],
            firstLine: first,
            lineCount: end - first,
            recordCount: records,
            isOverlong: isOverlong,
            digest: ContentDigest(high: digest.high, low: digest.low)
        )
    }

    /// The bytes of a shard that a worker is sent; of a line above the limit only its beginning.
    func bytes(of range: ShardRange, isWhole: Bool) -> [UInt8] {
        let whole = bytes(range.firstLine..<range.endLine)
        return range.isOverlong && !isWhole ? Array(whole.prefix(lineBytesMax + 1)) : whole
    }

    private func first(_ line: Int) -> UInt8 {
        if isPoison(line) { return Self.poison }
        return isFaulty(line) ? Self.fault : UInt8(ascii: "+")
    }

    /// The bytes of some lines.
    private func bytes(_ lines: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(starts[lines.upperBound] - starts[lines.lowerBound])
        for line in lines {
            if isRecord(line) {
                let end = starts[line + 1] - starts[lines.lowerBound] - 1
                bytes.append(first(line))
                AnswerLine.append(line, to: &bytes)
                bytes.append(UInt8(ascii: " "))
                while bytes.count < end { bytes.append(UInt8(ascii: ".")) }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
