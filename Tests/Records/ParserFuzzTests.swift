import TestSupport
import Testing

@testable import Records

/// Lines as chance makes them.
///
/// Goal: no line stops the program, what is read is well-formed, and a line is read as Foundation
/// reads it. Method: valid lines with a few changes, placed in front of memory that must not be
/// touched; and lines made from a grammar, whose text is known.
@Suite("Random lines") struct ParserFuzzTests {
    static let parser: RecordParser = {
        var options = TaskOptions()
        options.carry = ["n", "k", "a"]
        return RecordParser(options)
    }()

    /// What a reader makes of a line.
    enum Reading: Equatable {
        case refused
        case noText
        case text([UInt8])

        init(_ outcome: Result<Record, RecordFailure>) {
            switch outcome {
            case .success(let record): self = .text(record.text)
            case .failure(let failure):
                let isObject = [.missingField, .wrongType].contains(failure.code)
                self = isObject ? .noText : .refused
            }
        }

        init(_ value: JSONValue?) {
            guard case .object(let fields) = value else {
                self = .refused
                return
            }
            if case .string(let text) = fields["text"] {
                self = .text(Array(text.utf8))
            } else {
                self = .noText
            }
        }
    }

    /// Whether Foundation may read a line otherwise than we do.
    ///
    /// It takes a comma in front of a closing brace, which RFC 8259 does not; refuses numbers that
    /// no Double holds, which we pass through; and of a repeated name takes the first one, looking
    /// at no other.
    static func mayDiffer(_ line: [UInt8]) -> Bool {
        let text = line.text
        return text.contains(/,\s*\}/) || text.contains(/[eE]\+?\d{3}/)
            || text.contains(/(?s)"([^"]*)"\s*:.*"\1"\s*:/)
    }

    @Test("a changed line is read as Foundation reads it, and never stops us", arguments: 0..<15)
    func mutated(seed: UInt64) throws {
        let page = try GuardedPage()
        var lines = LineMutator(random: SplitMix(state: seed))
        var (read, excused) = (0, 0)
        for _ in 0..<2000 {
            let line = lines.next()
            let outcome = Self.parser.outcome(page.place(line))
            check(outcome, of: line)
            let value = JSONValue.object(line)
            if let value, value.depth > JSONScanner.depthMax { continue }
            let (ours, theirs) = (Reading(outcome), Reading(value))
            if ours != .refused { read += 1 }
            if ours == theirs { continue }
            excused += 1
            #expect(Self.mayDiffer(line), "\(ours), not \(theirs): \(line.text.debugDescription)")
        }
        #expect(read > 400, "enough lines must be left intact")
        #expect(excused < 200, "few lines may be read in two ways")
    }

    @Test("bytes of no meaning are never a record", arguments: 0..<4)
    func noise(seed: UInt64) throws {
        let page = try GuardedPage()
        var random = SplitMix(state: seed)
        for _ in 0..<2500 {
            let count = Int.random(in: 0...64, using: &random)
            let line = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let outcome = Self.parser.outcome(page.place(line))
            check(outcome, of: line)
            #expect(Reading(outcome) == .refused)
        }
    }

    /// What holds of every outcome, and of the answer that it leads to.
    private func check(_ outcome: Result<Record, RecordFailure>, of line: [UInt8]) {
        var answer: [UInt8] = []
        switch outcome {
        case .success(let record):
            #expect(record.index == 7)
            #expect(String(validating: record.text, as: UTF8.self) != nil, "\(line)")
            AnswerWriter(labels: ["a"], topLabels: nil).appendClassification(
                of: record,
                scores: [1],
                promptTokens: 1,
                isTruncated: false,
                tokenIDs: nil,
                to: &answer
            )
        case .failure(let failure):
            #expect(failure.index == 7)
            let codes: [RecordErrorCode] = [.badJSON, .badUTF8, .missingField, .wrongType]
            #expect(codes.contains(failure.code), "\(line)")
            AnswerWriter.appendFailure(failure, to: &answer)
        }
        // Whatever was passed on, an answer is one JSON object in one line.
        #expect(answer.count { $0 == 0x0A } == 1 && answer.last == 0x0A, "\(line)")
        #expect(throws: Never.self, "\(line)") { try JSONScannerTests.scan(answer.text) }
        #expect(String(validating: answer, as: UTF8.self) != nil, "\(line)")
    }
}
