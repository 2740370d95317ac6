import Records
import Scheduling

/// A record that no worker could compute, alone in its shard.
struct LostRecord {
    let range: ShardRange
    let strikes: [Strike]

    /// The answer that stands for it: an error of its own, with its id where one can be read.
    ///
    /// - Parameter lines: the shard's bytes; blank lines have no answer.
    func answer(of lines: [UInt8], _ options: TaskOptions) -> [UInt8] {
        let parser = RecordParser(options)
        var answer: [UInt8] = []
        guard !range.isOverlong else {
            AnswerWriter.appendFailure(parser.tooLarge(index: range.firstLine), to: &answer)
            return answer
        }
        lines.withUnsafeBufferPointer { bytes in
            var iterator = LineIterator(bytes, firstLine: range.firstLine)
            while let line = iterator.next() {
                let bytes = UnsafeBufferPointer(rebasing: bytes[line.range])
                let failure: RecordFailure
                do throws(RecordFailure) {
                    let record = try parser.parse(bytes, index: line.index)
                    failure = RecordFailure(
                        index: record.index,
                        id: record.id,
                        code: .poison,
                        message: message,
                        carried: record.carried
                    )
                } catch {
                    failure = error
                }
                AnswerWriter.appendFailure(failure, to: &answer)
            }
        }
        return answer
    }

    private var message: String {
        let kinds: [(Strike.Kind, String)] = [
            (.lost, "lost their worker"), (.hung, "did not get on"),
            (.failed, "ended with the worker's word that it cannot be done"),
        ]
        let parts = kinds.compactMap { kind, text -> String? in
            let count = strikes.count { $0.kind == kind }
            return count > 0 ? "\(count) \(text)" : nil
        }
        let machines = Set(strikes.map(\.machine)).count
        return "of the attempts at this record alone, on \(machines) machine"
            + "\(machines == 1 ? "" : "s"), \(parts.joined(separator: " and ")); "
            + "look at the workers' messages"
    }
}
