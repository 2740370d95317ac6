import TestSupport
import Testing

@testable import Records

/// Plain, slow splitting of a whole input, which the cutter must agree with.
struct ReferenceSplitter {
    let bytes: [UInt8]
    /// Each line without its newline, and how many bytes it has with it.
    private(set) var lines: [(range: Range<Int>, byteCount: Int)] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var start = 0
        for (offset, byte) in bytes.enumerated() where byte == 0x0A {
            lines.append((start..<offset, offset + 1 - start))
            start = offset + 1
        }
        if start < bytes.count { lines.append((start..<bytes.count, bytes.count - start)) }
    }

    func isBlank(_ line: Int) -> Bool {
        bytes[lines[line].range].allSatisfy { " \t\r".utf8.contains($0) }
    }

    /// Lines that are not blank, without a carriage return before the newline, and their numbers.
    var records: [(text: [UInt8], index: Int)] {
        lines.indices.filter { !isBlank($0) }.map { line in
            let text = bytes[lines[line].range]
            return (Array(text.last == 0x0D ? text.dropLast() : text), line)
        }
    }

    /// Shards by their definition: as many lines as the limits let stand together.
    func cuts(_ limits: LineCutter.Limits) -> [LineCutter.Cut] {
        var cuts: [LineCutter.Cut] = []
        var first = 0
        while first < lines.count {
            var end = first + 1
            while end < lines.count, mayJoin(end, first..<end, limits) { end += 1 }
            cuts.append(cut(first..<end, limits))
            first = end
        }
        return cuts
    }

    private func mayJoin(_ line: Int, _ shard: Range<Int>, _ limits: LineCutter.Limits) -> Bool {
        let cut = cut(shard, limits)
        return !cut.isOverlong && cut.recordCount < limits.records && cut.byteCount < limits.bytes
            && lines[line].range.count <= limits.lineBytes
            && cut.byteCount + lines[line].range.count <= limits.bytes
    }

    private func cut(_ shard: Range<Int>, _ limits: LineCutter.Limits) -> LineCutter.Cut {
        LineCutter.Cut(
            byteOffset: lines[shard.lowerBound].range.lowerBound,
            byteCount: lines[shard].reduce(0) { $0 + $1.byteCount },
            firstLine: shard.lowerBound,
            lineCount: shard.count,
            recordCount: shard.count { !isBlank($0) },
            isOverlong: lines[shard.lowerBound].range.count > limits.lineBytes
        )
    }
}

extension LineCutter {
    /// All shards of an input; `chunk` says how many bytes each read may give at most.
    static func cuts(
        _ bytes: [UInt8],
        _ limits: Limits,
        restarting: Bool = false,
        chunk: () -> Int
    ) -> [Cut] {
        var cutter = LineCutter(byteOffset: 0, line: 0)
        var cuts: [Cut] = []
        while true {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk(), alignment: 1)
            defer { buffer.deallocate() }
            let cut = cutter.next(limits, buffer: buffer) { offset, buffer in
                let count = min(buffer.count, max(0, bytes.count - offset))
                buffer.copyBytes(from: bytes[offset..<offset + count])
                return count
            }
            guard let cut else { return cuts }
            cuts.append(cut)
            // A restart knows only these two numbers.
            if restarting { cutter = LineCutter(byteOffset: cutter.byteOffset, line: cutter.line) }
        }
    }
}

@Suite("Cutting an input into shards") struct LineCutterTests {
    typealias Limits = LineCutter.Limits

    static func cuts(
        _ text: String,
        bytes: Int = 1000,
        records: Int = 1000,
        lineBytes: Int = 1000
    ) -> [LineCutter.Cut] {
        let limits = Limits(bytes: bytes, records: records, lineBytes: lineBytes)
        return LineCutter.cuts(Array(text.utf8), limits) { 7 }
    }

    @Test("an empty input has no shard, and one newline is a shard of one blank line")
    func smallest() {
        #expect(Self.cuts("").isEmpty)
        let cut = LineCutter.Cut(
            byteOffset: 0,
            byteCount: 1,
            firstLine: 0,
            lineCount: 1,
            recordCount: 0,
            isOverlong: false
        )
        #expect(Self.cuts("\n") == [cut])
    }

    @Test("the last line counts with and without a newline") func lastLine() {
        for text in ["a\nb", "a\nb\n", "a\nb\r\n", "a\nb\n\n"] {
            let cuts = Self.cuts(text)
            #expect(cuts.map(\.byteCount) == [text.utf8.count])
            #expect(cuts.map(\.recordCount) == [2])
        }
        #expect(Self.cuts("a\nb\n ").map(\.lineCount) == [3])
    }

    @Test("blank and white lines count as lines, not as records") func blankLines() {
        let cuts = Self.cuts("\n \t\r\na\n\r\n\u{B}\n")
        #expect(cuts.map(\.lineCount) == [5])
        #expect(cuts.map(\.recordCount) == [2])
    }

    @Test("a shard ends with the record that fills it; blank lines behind go to the next")
    func recordLimit() {
        let cuts = Self.cuts("\na\nb\n\nc\nd\ne\n", records: 2)
        #expect(cuts.map(\.byteCount) == [5, 5, 2])
        #expect(cuts.map(\.firstLine) == [0, 3, 6])
        #expect(cuts.map(\.recordCount) == [2, 2, 1])
    }

    @Test(
        "a line joins a shard if it fits into it without its newline",
        arguments: [(1, [4, 4]), (3, [4, 4]), (4, [4, 4]), (6, [4, 4]), (7, [8]), (8, [8])]
    )
    func byteLimit(bytes: Int, expected: [Int]) {
        #expect(Self.cuts("abc\ndef\n", bytes: bytes).map(\.byteCount) == expected)
    }

    @Test("a line longer than a shard may be stands alone") func longLine() {
        let cuts = Self.cuts("a\nabcdefghij\nb\n", bytes: 5)
        #expect(cuts.map(\.byteCount) == [2, 11, 2])
        #expect(cuts.allSatisfy { !$0.isOverlong })
    }

    @Test("a line above the limit of lines stands alone and is marked, at the limit it is not")
    func overlongLine() {
        let cuts = Self.cuts("a\nb\nabcde\nabcdef\nc\nabcdefg", lineBytes: 5)
        #expect(cuts.map(\.byteCount) == [10, 7, 2, 7])
        #expect(cuts.map(\.isOverlong) == [false, true, false, true])
        #expect(cuts.map(\.recordCount) == [3, 1, 1, 1])
        #expect(Self.cuts("       ", lineBytes: 5).map(\.recordCount) == [0])
    }

    @Test("any chunking and any restart gives the shards of a plain splitter", arguments: 0..<40)
    func differential(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<50 {
            let bytes = Self.input(&random)
            let limits = Limits(
                bytes: .random(in: 1...60, using: &random),
                records: .random(in: 1...8, using: &random),
                lineBytes: .random(in: 1...30, using: &random)
            )
            let expected = ReferenceSplitter(bytes).cuts(limits)
            let most = [1, 2, 5, 16, 64, 4096].randomElement(using: &random) ?? 1
            for restarting in [false, true] {
                let found = LineCutter.cuts(bytes, limits, restarting: restarting) {
                    Int.random(in: 1...most, using: &random)
                }
                #expect(found == expected, "\(bytes.text.debugDescription), \(limits)")
            }
            #expect(expected.reduce(0) { $0 + $1.byteCount } == bytes.count)
        }
    }

    /// Up to 300 bytes, of which many end lines or are white.
    static func input(_ random: inout SplitMix) -> [UInt8] {
        let alphabet = Array("\n\n\n\r \tabcdefghijklmnopq".utf8) + [0, 0xC3, 0xFF]
        let size = Int.random(in: 1...alphabet.count, using: &random)
        let chosen = Array(alphabet.prefix(size))
        return (0..<Int.random(in: 0...300, using: &random)).map { _ in
            chosen.randomElement(using: &random) ?? 0
        }
    }
}
