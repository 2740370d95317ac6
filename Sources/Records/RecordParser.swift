/// Reads input lines into records, or says in a sentence what is wrong with one.
package struct RecordParser: Sendable {
    private let textField: [UInt8]
    private let idField: [UInt8]
    private let carry: [(name: [UInt8], quoted: [UInt8])]
    private let maxLineBytes: Int
    private let textName: String

    /// Prepares field names once, so that no line pays for it.
    package init(_ options: TaskOptions) {
        textField = Array(options.textField.utf8)
        textName = options.textField
        idField = Array(options.idField.utf8)
        maxLineBytes = options.maxLineBytes
        carry = options.carry.map { name in
            var quoted: [UInt8] = []
            JSONText.append(name.utf8, to: &quoted)
            return (Array(name.utf8), quoted)
        }
    }

    /// Reads one line, without its line end; `index` is its number in the whole job.
    ///
    /// Of a field that stands twice, the last one counts, as for most readers of JSON.
    package func parse(
        _ line: UnsafeBufferPointer<UInt8>,
        index: Int
    ) throws(RecordFailure) -> Record {
        var line = line
        // Each file of a job may begin with a byte order mark.
        if line.starts(with: [0xEF, 0xBB, 0xBF]) {
            line = UnsafeBufferPointer(rebasing: line.dropFirst(3))
        }
        guard line.count <= maxLineBytes else { throw tooLarge(index: index) }
        if let offset = UTF8Check.firstInvalidByte(line) {
            throw RecordFailure(
                index: index,
                code: .badUTF8,
                message: "the line is not UTF-8 at byte \(offset + 1); convert the file to UTF-8"
            )
        }
        let fields = try scan(line, index: index)
        let id = fields.id.map { Array(line[$0]) } ?? Array("null".utf8)
        let carried = zip(carry, fields.carried).compactMap { field, range in
            range.map { CarriedField(name: field.quoted, value: Array(line[$0])) }
        }
        func failure(_ code: RecordErrorCode, _ message: String) -> RecordFailure {
            RecordFailure(index: index, id: id, code: code, message: message, carried: carried)
        }
        guard let text = fields.text else {
            throw failure(
                .missingField,
                "the record has no field \"\(textName)\"; name the right one with --text-field"
            )
        }
        guard line[text.lowerBound] == UInt8(ascii: "\"") else {
            let kind = Self.kind(of: line[text.lowerBound])
            throw failure(
                .wrongType,
                "the field \"\(textName)\" holds \(kind), expected a string"
            )
        }
        return Record(
            index: index,
            id: id,
            text: JSONText.unescape(line, text),
            carried: carried
        )
    }

    /// The failure of a line above the limit, of which not even the id was read.
    package func tooLarge(index: Int) -> RecordFailure {
        RecordFailure(
            index: index,
            code: .lineTooLarge,
            message: "the line has more than \(maxLineBytes) bytes; "
                + "split the record, or raise --max-line-bytes"
        )
    }

    private struct Fields {
        var text: Range<Int>?
        var id: Range<Int>?
        var carried: [Range<Int>?]
    }

    private func scan(
        _ line: UnsafeBufferPointer<UInt8>,
        index: Int
    ) throws(RecordFailure) -> Fields {
        var fields = Fields(carried: carry.map { _ in nil })
        var scanner = JSONScanner(line)
        do throws(JSONScanner.Failure) {
            try scanner.fields { name, value in
                let name = unquoted(line, name)
                if name == textField { fields.text = value }
                if name == idField { fields.id = value }
                for (place, field) in carry.enumerated() where field.name == name {
                    fields.carried[place] = value
                }
            }
        } catch {
            throw RecordFailure(
                index: index,
                code: .badJSON,
                message: "the line is no JSON object: at byte \(error.offset + 1) "
                    + "\(error.expected) was expected"
            )
        }
        return fields
    }

    private func unquoted(_ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [UInt8] {
        let inner = line[range.lowerBound + 1..<range.upperBound - 1]
        return inner.contains(UInt8(ascii: "\\"))
            ? JSONText.unescape(line, range) : Array(inner)
    }

    private static func kind(of byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "{"): "an object"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "a truth value"
        case UInt8(ascii: "n"): "null"
        default: "a number"
        }
    }
}
