import Glibc
import Platform
import TestSupport

/// Lines of different lengths, and the answers that must come of them, computed here anew.
package struct ChaosCorpus {
    /// What must stand in the output for one line.
    package enum Answer: Equatable {
        /// This line, byte by byte.
        case line([UInt8])
        /// An error answer, whatever it says.
        case error
    }

    /// The file of the lines.
    package let path: String
    /// Records, blank lines not counted.
    package var records: Int { answers.count }
    /// Answers by the number of their line, ascending.
    package private(set) var answers: [(index: Int, answer: Answer)] = []
    /// Bytes of the file.
    package let byteCount: Int

    /// Writes a corpus to `path`.
    ///
    /// - Parameters:
    ///   - seed: the same seed makes the same lines.
    ///   - bytes: letters of a line's text.
    ///   - marks: words for a stub worker by line, as "KILL"; such a line must get an error answer.
    package init(
        _ path: String,
        records: Int,
        seed: UInt64,
        bytes: ClosedRange<Int> = 4...300,
        marks: [Int: String] = [:]
    ) throws {
        self.path = path
        var random = SplitMix(state: seed)
        var file: [UInt8] = []
        var index = 0
        for number in 0..<records {
            if number > 0 { file.append(0x0A) }
            // Blank lines are counted and get no answer.
            while random.next() % 50 == 0 {
                file.append(0x0A)
                index += 1
            }
            let length = Int.random(in: bytes, using: &random)
            let letters = (0..<length).map { _ in UInt8(ascii: "a") + UInt8(random.next() % 26) }
            let mark = marks[index].map { " \($0)" } ?? ""
            let line =
                Array("{\"id\":\(number),\"text\":\"".utf8) + letters + Array("\(mark)\"}".utf8)
            file += line
            let answer: Answer =
                mark.isEmpty
                ? .line(Array("{\"id\":null,\"index\":\(index),\"sum\":\(Self.sum(line))}".utf8))
                : .error
            answers.append((index, answer))
            index += 1
        }
        byteCount = file.count
        let output = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_TRUNC)
        try output.write(file, at: 0)
    }

    /// FNV-1a, as the stub worker is to have it.
    private static func sum(_ line: [UInt8]) -> UInt64 {
        var sum: UInt64 = 14_695_981_039_346_656_037
        for byte in line { sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211 }
        return sum
    }
}
