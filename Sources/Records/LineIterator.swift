/// Walks over the lines of a shard; blank ones are skipped, but counted.
package struct LineIterator {
    /// A line without its line end.
    package struct Line: Equatable {
        /// Offsets into the bytes walked over, without the line feed and a return in front of it.
        package let range: Range<Int>
        /// Its number in the whole job.
        package let index: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var index: Int

    /// - Parameter bytes: must outlive the iterator.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int) {
        self.bytes = bytes
        index = firstLine
    }

    /// The next line that is not blank.
    package mutating func next() -> Line? {
        while offset < bytes.count {
            let end = bytes[offset...].firstIndex(of: 0x0A) ?? bytes.count
            var range = offset..<end
            let number = index
            offset = end + 1
            index += 1
            if let last = bytes[range].last, last == 0x0D {
                range = range.lowerBound..<range.upperBound - 1
            }
            if !bytes[range].allSatisfy(LineCutter.isSpace) {
                return Line(range: range, index: number)
            }
        }
        return nil
    }
}
