/// Where a shard's lines lie in the job's input, and what they were when they were planned.
package struct ShardRange: Hashable, Sendable {
    /// The shard's place in its job.
    package var number: ShardNumber { ShardNumber(firstLine) }
    /// The number of the line behind the last one.
    package var endLine: Int { firstLine + lineCount }

    /// Which of the job's inputs, from 0.
    package let input: Int
    /// First byte of the first line, from the input's start.
    package let byteOffset: Int
    /// Bytes of all lines, with their line ends.
    package let byteCount: Int
    /// Number of the first line in the whole job, from 0, blank lines counted.
    package let firstLine: Int
    /// Lines, blank ones counted.
    package let lineCount: Int
    /// Lines that are not blank: as many answers must come.
    package let recordCount: Int
    /// A single line above the job's limit, of which only the beginning is read.
    package let isOverlong: Bool
    /// XXH3-128 of the bytes that a worker is sent.
    package let digest: ContentDigest

    /// Takes what the planner cut; nothing is read or checked.
    package init(
        input: Int,
        byteOffset: Int,
        byteCount: Int,
        firstLine: Int,
        lineCount: Int,
        recordCount: Int,
        isOverlong: Bool,
        digest: ContentDigest
    ) {
        self.input = input
        self.byteOffset = byteOffset
        self.byteCount = byteCount
        self.firstLine = firstLine
        self.lineCount = lineCount
        self.recordCount = recordCount
        self.isOverlong = isOverlong
        self.digest = digest
    }
}

/// A 128-bit digest of a shard's input or of its answers.
package struct ContentDigest: Hashable, Sendable {
    /// The first 64 bits of the canonical form.
    package let high: UInt64
    /// The last 64 bits.
    package let low: UInt64

    /// Takes a digest that was computed or received.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// How far a job's input has been cut into shards: all before it is covered, nothing behind it is.
package struct PlanningCursor: Hashable, Sendable {
    /// Which of the job's inputs, from 0.
    package var input: Int
    /// The next byte of that input.
    package var byteOffset: Int
    /// The number of the next line in the whole job.
    package var line: Int
    /// Whether every input has been cut to its end.
    package var isAtEnd: Bool

    /// The start of a job.
    package static let start = PlanningCursor(
        input: 0,
        byteOffset: 0,
        line: 0,
        isAtEnd: false
    )

    /// Takes a place between two shards; a line must begin there.
    package init(
        input: Int,
        byteOffset: Int,
        line: Int,
        isAtEnd: Bool
    ) {
        self.input = input
        self.byteOffset = byteOffset
        self.line = line
        self.isAtEnd = isAtEnd
    }
}
