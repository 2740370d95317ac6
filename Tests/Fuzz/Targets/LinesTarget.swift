import Records

extension FuzzTarget {
    /// The cutter's limits and two sizes of what is read at once in bytes 0 to 5, then an input.
    static let lines = FuzzTarget("lines", dictionary: ["\n", "\r\n", " ", "\n\n", "\t\n"]) {
        input in
        var reader = InputReader(input)
        let limits = LineCutter.Limits(
            bytes: Int(reader.byte()),
            records: Int(reader.byte() & 15),
            lineBytes: Int(reader.byte())
        )
        let sizes = [1 + Int(reader.byte()), 1 + Int(reader.byte() & 15), 1 << 16]
        let start = Int(reader.byte())
        let expected = cuts(Array(reader.rest), limits, firstLine: start)
        for size in sizes {
            let found = cuts(reader.rest, limits, firstLine: start, bufferSize: size)
            if found != expected { return .wrong("read by \(size): \(found), not \(expected)") }
        }
        return .taken
    }

    private static func cuts(
        _ input: UnsafeBufferPointer<UInt8>,
        _ limits: LineCutter.Limits,
        firstLine: Int,
        bufferSize: Int
    ) -> [PlainCut] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 1)
        defer { buffer.deallocate() }
        var cutter = LineCutter(byteOffset: 0, line: firstLine)
        var cuts: [PlainCut] = []
        while let cut = cutter.next(
            limits,
            buffer: buffer,
            read: { (offset, target) throws(Never) -> Int in
                let piece = input.dropFirst(offset).prefix(target.count)
                target.copyBytes(from: piece)
                return piece.count
            }
        ) {
            cuts.append(PlainCut(cut))
            // A cut without bytes would come again without end.
            if cuts.count > input.count + 1 { break }
        }
        return cuts
    }

    /// The shards by the words of `LineCutter`, from whole lines.
    private static func cuts(
        _ input: [UInt8],
        _ limits: LineCutter.Limits,
        firstLine: Int
    ) -> [PlainCut] {
        var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var cuts: [PlainCut] = []
        var isOpen = false
        for (number, line) in lines.enumerated() {
            let isBlank = line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
            let isOverlong = line.count > limits.lineBytes
            let taken = isOpen ? cuts.last?.byteCount ?? 0 : 0
            if !isOpen || isOverlong || taken + line.count > limits.bytes {
                cuts.append(
                    PlainCut(
                        byteOffset: line.startIndex,
                        byteCount: 0,
                        firstLine: firstLine + number,
                        lineCount: 0,
                        recordCount: 0,
                        isOverlong: isOverlong
                    )
                )
            }
            let last = cuts.count - 1
            cuts[last].byteCount += line.count + (line.endIndex < input.count ? 1 : 0)
            cuts[last].lineCount += 1
            cuts[last].recordCount += isBlank ? 0 : 1
            isOpen =
                !isOverlong && cuts[last].byteCount < limits.bytes
                && cuts[last].recordCount < limits.records
        }
        return cuts
    }
}

/// A run of whole lines, as the reference tells it.
private struct PlainCut: Equatable {
    var byteOffset: Int
    var byteCount: Int
    var firstLine: Int
    var lineCount: Int
    var recordCount: Int
    var isOverlong: Bool
}

extension PlainCut {
    init(_ cut: LineCutter.Cut) {
        byteOffset = cut.byteOffset
        byteCount = cut.byteCount
        firstLine = cut.firstLine
        lineCount = cut.lineCount
        recordCount = cut.recordCount
        isOverlong = cut.isOverlong
    }
}
