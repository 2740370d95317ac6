import Records
import TestSupport
import Testing

@Suite("Walking over a shard's lines") struct LineIteratorTests {
    /// A line as the iterator gave it.
    struct Line: Equatable {
        let text: String
        let index: Int
    }

    static func lines(_ bytes: [UInt8], firstLine: Int = 0) -> [(text: [UInt8], index: Int)] {
        bytes.withUnsafeBufferPointer { buffer in
            var iterator = LineIterator(buffer, firstLine: firstLine)
            var lines: [(text: [UInt8], index: Int)] = []
            while let line = iterator.next() {
                lines.append((Array(buffer[line.range]), line.index))
            }
            // It stays at the end.
            if iterator.next() != nil { lines.append(([], -1)) }
            return lines
        }
    }

    static func lines(_ text: String, firstLine: Int = 0) -> [Line] {
        lines(Array(text.utf8), firstLine: firstLine).map { line in
            Line(text: line.text.text, index: line.index)
        }
    }

    @Test("lines come without their ends, with the numbers of the job") func numbers() {
        let expected = [Line(text: "a", index: 10), Line(text: "b ", index: 11)]
        #expect(Self.lines("a\nb \n", firstLine: 10) == expected)
        #expect(Self.lines("a\nb ", firstLine: 10) == expected)
        #expect(Self.lines("a\r\nb \r\n", firstLine: 10) == expected)
        #expect(Self.lines("a\r\nb \r", firstLine: 10) == expected)
    }

    @Test("blank and white lines are left out, but counted") func blankLines() {
        let expected = [Line(text: "a", index: 2), Line(text: "\u{A0}", index: 5)]
        #expect(Self.lines("\n\r\na\n \t\r\n\n\u{A0}\n") == expected)
        for text in ["", "\n", "\r\n", " ", "\n\n \n\t", "\r\r\n"] {
            #expect(Self.lines(text).isEmpty)
        }
    }

    @Test("only the last carriage return belongs to the line's end") func carriageReturns() {
        #expect(Self.lines("a\r\r\nb\rc\n\rd\n").map(\.text) == ["a\r", "b\rc", "\rd"])
    }

    @Test("cut and walked over, an input has the records of a plain splitter", arguments: 0..<40)
    func differential(seed: UInt64) {
        var random = SplitMix(state: ~seed)
        for _ in 0..<50 {
            let bytes = LineCutterTests.input(&random)
            let limits = LineCutter.Limits(
                bytes: .random(in: 1...60, using: &random),
                records: .random(in: 1...8, using: &random),
                lineBytes: .random(in: 1...30, using: &random)
            )
            let cuts = LineCutter.cuts(bytes, limits) { 16 }
            let found = cuts.flatMap { cut in
                let shard = Array(bytes[cut.byteOffset..<cut.byteOffset + cut.byteCount])
                let lines = Self.lines(shard, firstLine: cut.firstLine)
                #expect(lines.count == cut.recordCount)
                return lines
            }
            let expected = ReferenceSplitter(bytes).records
            #expect(found.map(\.index) == expected.map(\.index))
            #expect(found.map(\.text) == expected.map(\.text), "\(bytes.text.debugDescription)")
        }
    }
}
