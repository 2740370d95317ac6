import Glibc

/// Cuts an input into shards at line ends, without reading what the lines say.
///
/// The state is a byte offset and a line number, so that cutting can go on after a restart. How the
/// bytes arrive changes no cut.
package struct LineCutter: Sendable {
    /// How large a shard may become.
    package struct Limits: Sendable {
        /// Bytes after which no further line is begun, unless the shard is empty.
        package var bytes: Int
        /// Lines with a record, at most.
        package var records: Int
        /// Bytes of a line above which it stands alone and only its beginning is read.
        package var lineBytes: Int

        /// Takes any values: the first line of a shard is always taken.
        package init(bytes: Int, records: Int, lineBytes: Int) {
            self.bytes = bytes
            self.records = records
            self.lineBytes = lineBytes
        }
    }

    /// A run of whole lines.
    package struct Cut: Equatable, Sendable {
        /// First byte of the first line, from the input's start.
        package var byteOffset: Int
        /// Bytes of all lines, with their line ends.
        package var byteCount: Int
        /// Number of the first line in the whole job, from 0, blank lines counted.
        package var firstLine: Int
        /// Lines, blank ones counted.
        package var lineCount: Int
        /// Lines that are not blank.
        package var recordCount: Int
        /// A single line above the limit.
        package var isOverlong: Bool
    }

    /// Fills a buffer from an offset on; gives fewer bytes only at the input's end.
    package typealias Reader<Failure: Error> = (
        Int, UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Int

    /// Where the next shard begins, bytes from the input's start.
    package private(set) var byteOffset: Int
    /// Number of the line that begins there, in the whole job.
    package private(set) var line: Int

    /// Goes on at a line's beginning, where an earlier cut has ended.
    package init(byteOffset: Int, line: Int) {
        self.byteOffset = byteOffset
        self.line = line
    }

    /// The next shard; nil at the input's end.
    ///
    /// - Parameter buffer: room for what is read at once; its size changes no cut.
    package mutating func next<Failure: Error>(
        _ limits: Limits,
        buffer: UnsafeMutableRawBufferPointer,
        read: Reader<Failure>
    ) throws(Failure) -> Cut? {
        var cut = Cut(
            byteOffset: byteOffset,
            byteCount: 0,
            firstLine: line,
            lineCount: 0,
            recordCount: 0,
            isOverlong: false
        )
        // The line that is being walked over.
        var lineBytes = 0
        var isBlank = true
        var position = byteOffset
        while true {
            let count = try read(position, buffer)
            if count == 0 { break }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            var start = 0
            while start < count {
                let end = Self.lineEnd(chunk, from: start)
                let piece = chunk[start..<(end ?? count)]
                isBlank = isBlank && piece.allSatisfy(Self.isSpace)
                lineBytes += piece.count
                guard let end else { break }
                let isTaken = take(&cut, lineBytes, 1, isBlank, limits)
                if !isTaken || isFull(cut, limits) { return finish(cut) }
                lineBytes = 0
                isBlank = true
                start = end + 1
            }
            position += count
            // A line that cannot join the shard need not be walked over to its end now.
            if cut.lineCount > 0, cut.byteCount + lineBytes > limits.bytes { return finish(cut) }
        }
        if lineBytes > 0 { _ = take(&cut, lineBytes, 0, isBlank, limits) }
        return cut.lineCount > 0 ? finish(cut) : nil
    }

    /// Adds a line to the shard if it may; the first line always may.
    private func take(
        _ cut: inout Cut,
        _ lineBytes: Int,
        _ newline: Int,
        _ isBlank: Bool,
        _ limits: Limits
    ) -> Bool {
        let isOverlong = lineBytes > limits.lineBytes
        if cut.lineCount > 0, isOverlong || cut.byteCount + lineBytes > limits.bytes {
            return false
        }
        cut.byteCount += lineBytes + newline
        cut.lineCount += 1
        cut.recordCount += isBlank ? 0 : 1
        cut.isOverlong = isOverlong
        return true
    }

    private func isFull(_ cut: Cut, _ limits: Limits) -> Bool {
        cut.isOverlong || cut.byteCount >= limits.bytes || cut.recordCount >= limits.records
    }

    private mutating func finish(_ cut: Cut) -> Cut {
        byteOffset += cut.byteCount
        line += cut.lineCount
        return cut
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress,
            let found = memchr(base + start, 0x0A, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D
    }
}
