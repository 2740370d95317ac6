/// Holds an output against what must stand in it; knows nothing of how it came to be.
package struct OutputCheck {
    /// What is wrong, a sentence each; at most so many, then their number.
    package private(set) var violations: [String] = []
    /// Answers that are missing.
    package private(set) var lost = 0
    /// Answers beyond the first of their line.
    package private(set) var doubled = 0
    /// Answers behind one of a later line.
    package private(set) var misplaced = 0
    /// Answers with other bytes than they must have.
    package private(set) var differing = 0

    private static let sentencesMax = 20

    /// Whether nothing is wrong.
    package var isRight: Bool { violations.isEmpty }

    /// Reads the output at `path`.
    package init(_ path: String, of corpus: ChaosCorpus) {
        self.init(Text.bytes(path), expected: corpus.answers)
    }

    /// Reads the bytes of an output.
    package init(_ bytes: [UInt8], expected: [(index: Int, answer: ChaosCorpus.Answer)]) {
        let answers = Dictionary(uniqueKeysWithValues: expected.map { ($0.index, $0.answer) })
        var seen: Set<Int> = []
        var last = -1
        if bytes.last != 0x0A { complain("the output's last line has no end") }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        for (number, line) in lines.enumerated() {
            let place = "line \(number + 1) of the output"
            guard let index = Self.index(in: line), let answer = answers[index] else {
                differing += 1
                complain("\(place) answers no line: \(Self.shown(line))")
                continue
            }
            if !seen.insert(index).inserted {
                doubled += 1
                complain("\(place) answers line \(index) once more")
            }
            if index < last {
                misplaced += 1
                complain("\(place) answers line \(index) behind line \(last)")
            }
            last = max(last, index)
            switch answer {
            case .line(let bytes) where !line.elementsEqual(bytes):
                differing += 1
                complain("\(place) is \(Self.shown(line)), not \(Self.shown(bytes[...]))")
            case .error where Self.text(line).firstRange(of: "\"error\":{") == nil:
                differing += 1
                complain("\(place) must be an error answer, not \(Self.shown(line))")
            case .line, .error: break
            }
        }
        for (index, _) in expected where !seen.contains(index) {
            lost += 1
            complain("line \(index) has no answer")
        }
    }

    private mutating func complain(_ sentence: String) {
        if violations.count < Self.sentencesMax { violations.append(sentence) }
    }

    /// The number behind `"index":`.
    private static func index(in line: ArraySlice<UInt8>) -> Int? {
        let text = text(line)
        guard let range = text.firstRange(of: "\"index\":") else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isNumber })
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line, as: UTF8.self)
    }

    private static func shown(_ line: ArraySlice<UInt8>) -> String {
        line.count > 120 ? "\(text(line.prefix(120)))..." : text(line)
    }
}
