import Doge
import Records
import Tokenization

/// Turns the lines of a shard into records and tokens, on one thread at a time.
struct ShardReader {
    let text: ModelText
    let options: TaskOptions
    /// Room that a record needs behind its text; nil where nothing follows.
    let texts: ContinuationMaker?

    /// The records of a shard's input in order.
    ///
    /// - Parameters:
    ///   - isOverlong: the input is the beginning of lines above the limit, `recordCount` of them.
    func read(
        _ input: [UInt8],
        firstLine: Int,
        isOverlong: Bool = false,
        recordCount: Int = 0
    ) -> [ShardSlot] {
        guard !isOverlong else {
            return (0..<recordCount).map { _ in
                .failed(RecordParser(options).tooLarge(index: firstLine))
            }
        }
        let parser = RecordParser(options)
        return input.withUnsafeBufferPointer { bytes in
            var slots: [ShardSlot] = []
            var lines = LineIterator(bytes, firstLine: firstLine)
            while let line = lines.next() {
                let bytes = UnsafeBufferPointer(rebasing: bytes[line.range])
                do throws(RecordFailure) {
                    let record = try parser.parse(bytes, index: line.index)
                    slots.append(.ready(record, try tokenize(record)))
                } catch {
                    slots.append(.failed(error))
                }
            }
            return slots
        }
    }

    /// The tokens of one record.
    func tokenize(_ record: Record) throws(RecordFailure) -> Encoding {
        let whole = options.maxLength ?? text.maxLength
        let room = texts?.room(behind: record, limit: whole) ?? (least: 0, ofCut: 0)
        let limit = whole - room.least
        let encoding: Encoding
        do throws(TokenizerError) {
            encoding = try text.tokenizer.encode(
                record.text,
                limit: limit,
                cutTo: whole - room.ofCut,
                side: options.truncate.map { $0 == .left ? .left : .right },
                scratch: text.scratch
            )
        } catch {
            throw record.failure(.engineFailed, error.description)
        }
        let count = encoding.wholeCount
        guard count > 0 else {
            throw record.failure(.empty, "the text has not one token; leave the record out")
        }
        guard !encoding.ids.isEmpty, encoding.ids.count <= limit else {
            let size = "\(count) token\(count == 1 ? "" : "s")"
            let rest = room.least > 0 ? ", of which \(room.least) must be left behind the text" : ""
            let advice = options.truncate == nil ? "cut it with --truncate, or " : ""
            throw record.failure(
                .tooLong,
                "the text has \(size), the limit is \(whole)\(rest); \(advice)raise --max-length"
            )
        }
        do throws(EngineError) {
            try text.configuration.check(encoding.ids)
        } catch {
            throw record.failure(error, tokenCount: count)
        }
        return encoding
    }
}

extension Record {
    /// The failure of this record.
    func failure(_ code: RecordErrorCode, _ message: String) -> RecordFailure {
        RecordFailure(index: index, id: id, code: code, message: message, carried: carried)
    }

    /// The failure of this record where the engine says so.
    func failure(_ error: EngineError, tokenCount: Int) -> RecordFailure {
        switch error {
        case .outOfMemory:
            failure(
                .outOfMemory,
                "there is no memory for a text of \(tokenCount) tokens; cut it with "
                    + "--max-length and --truncate, or give the worker more memory"
            )
        case .unknownToken(_, let position, let token, let size):
            failure(
                .engineFailed,
                "token \(position) of the text is \(token), outside the model's vocabulary of "
                    + "\(size); put the tokenizer there that the model was trained with"
            )
        case .cacheTooSmall: failure(.outOfMemory, error.description)
        default: failure(.engineFailed, error.description)
        }
    }
}
