/// Reads input lines into records, or says in a sentence what is wrong with one.
package struct RecordParser: Sendable {
    /// Fields that may hold the text; the first one that a record has counts.
    private let textFields: [(name: [UInt8], text: String)]
    private let idField: [UInt8]
    private let carry: [(name: [UInt8], quoted: [UInt8])]
    private let maxLineBytes: Int
    private let generates: Bool

    /// Prepares field names once, so that no line pays for it.
    package init(_ options: TaskOptions) {
        generates = options.task == .generate
        let names = options.textField.map { [$0] } ?? (generates ? ["prompt", "text"] : ["text"])
        textFields = names.map { (Array($0.utf8), $0) }
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
        guard line.count <= maxLineBytes else { throw tooLarge(index: index) }
        if let offset = UTF8Check.firstInvalidByte(line) {
            throw RecordFailure(
                index: index,
                code: .badUTF8,
                message: "the line is not UTF-8 at byte \(offset + 1); convert the file to UTF-8"
            )
        }
        // Each file of a job may begin with a byte order mark.
        let markBytes = line.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let line = UnsafeBufferPointer(rebasing: line.dropFirst(markBytes))
        let fields = try scan(line, index: index, markBytes)
        let id = fields.id.map { Array(line[$0]) } ?? Array("null".utf8)
        let carried = zip(carry, fields.carried).compactMap { field, range in
            range.map { CarriedField(name: field.quoted, value: Array(line[$0])) }
        }
        func failure(_ code: RecordErrorCode, _ message: String) -> RecordFailure {
            RecordFailure(index: index, id: id, code: code, message: message, carried: carried)
        }
        guard let place = fields.texts.firstIndex(where: { $0 != nil }),
            let text = fields.texts[place]
        else {
            let (code, message) = lacksText(fields)
            throw failure(code, message)
        }
        guard line[text.lowerBound] == UInt8(ascii: "\"") else {
            let kind = JSONText.kind(of: line[text.lowerBound])
            throw failure(
                .wrongType,
                "the field \"\(textFields[place].text)\" holds \(kind), expected a string"
            )
        }
        do throws(OptionFault) {
            return Record(
                index: index,
                id: id,
                text: JSONText.unescape(line, text),
                carried: carried,
                generation: try fields.generation.options(line)
            )
        } catch {
            throw failure(
                .badParameter,
                "the field \"\(error.name)\" holds \(error.got), expected \(error.expected)"
            )
        }
    }

    /// What to say of a record without a text.
    private func lacksText(_ fields: Fields) -> (RecordErrorCode, String) {
        let names = textFields.map { "\"\($0.text)\"" }
        if fields.hasMessages {
            return (
                .badParameter,
                "the record has \"messages\", to which this version applies no chat template; "
                    + "give its text as \(names[0])"
            )
        }
        let lacking =
            names.count == 1 ? "no field \(names[0])" : "neither field \(names[0]) nor \(names[1])"
        return (
            .missingField,
            "the record has \(lacking); name the right one with --text-field"
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
        var texts: [Range<Int>?]
        var id: Range<Int>?
        var carried: [Range<Int>?]
        var hasMessages = false
        var generation = GenerationFields()
    }

    private func scan(
        _ line: UnsafeBufferPointer<UInt8>,
        index: Int,
        _ markBytes: Int
    ) throws(RecordFailure) -> Fields {
        var fields = Fields(texts: textFields.map { _ in nil }, carried: carry.map { _ in nil })
        var scanner = JSONScanner(line)
        do throws(JSONScanner.Failure) {
            try scanner.fields { name, value in
                let name = unquoted(line, name)
                for (place, field) in textFields.enumerated() where field.name == name {
                    fields.texts[place] = value
                }
                if name == idField { fields.id = value }
                for (place, field) in carry.enumerated() where field.name == name {
                    fields.carried[place] = value
                }
                guard generates else { return }
                if name.elementsEqual("messages".utf8) { fields.hasMessages = true }
                fields.generation.take(name, value)
            }
        } catch {
            throw RecordFailure(
                index: index,
                code: .badJSON,
                message: "the line is no JSON object: at byte \(markBytes + error.offset + 1) "
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
}
