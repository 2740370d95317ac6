import Doge
import Platform
import Records
import Tokenization

/// Computes the answers of one shard: reads lines, tokenizes, classifies, writes.
///
/// Runs on the engine's thread. A record that cannot be answered gets an error answer in its place.
struct ShardComputation {
    let model: LoadedModel
    let options: TaskOptions
    /// Whether the shard is not wanted any more; asked between slices.
    let isCancelled: () -> Bool
    /// Told how many records and tokens are done.
    let progressed: (Int, Int) -> Void

    /// Tokens that are handed to the engine at once: enough to pack well, few enough to stop soon.
    private static let sliceTokens = 32_768

    /// A record on its way to its answer.
    private enum Slot {
        case failed(RecordFailure)
        case ready(Record, Encoding)
    }

    /// The shard's answers; nil where it was cancelled.
    func run(
        _ input: [UInt8],
        firstLine: Int,
        isOverlong: Bool,
        recordCount: Int
    ) throws(EngineError) -> ShardResult? {
        let slots =
            isOverlong
            ? (0..<recordCount).map { _ in
                Slot.failed(RecordParser(options).tooLarge(index: firstLine))
            }
            : read(input, firstLine)
        guard let outcomes = try classify(slots) else { return nil }
        return write(slots, outcomes)
    }

    private func read(_ input: [UInt8], _ firstLine: Int) -> [Slot] {
        let parser = RecordParser(options)
        return input.withUnsafeBufferPointer { bytes in
            var slots: [Slot] = []
            var lines = LineIterator(bytes, firstLine: firstLine)
            while let line = lines.next() {
                let text = UnsafeBufferPointer(rebasing: bytes[line.range])
                do throws(RecordFailure) {
                    let record = try parser.parse(text, index: line.index)
                    slots.append(.ready(record, try tokenize(record)))
                } catch {
                    slots.append(.failed(error))
                }
            }
            return slots
        }
    }

    private func tokenize(_ record: Record) throws(RecordFailure) -> Encoding {
        let limit = options.maxLength ?? model.maxLength
        let encoding: Encoding
        do throws(TokenizerError) {
            encoding = try model.tokenizer.encode(
                record.text,
                limit: limit,
                side: options.truncate.map { $0 == .left ? .left : .right },
                scratch: model.scratch
            )
        } catch {
            throw failure(of: record, .engineFailed, error.description)
        }
        guard !encoding.ids.isEmpty else {
            throw failure(of: record, .empty, "the text has not one token; leave the record out")
        }
        guard encoding.ids.count <= limit else {
            throw failure(
                of: record,
                .tooLong,
                "the text has \(encoding.ids.count) tokens, the limit is \(limit); "
                    + "cut it with --truncate, or raise --max-length"
            )
        }
        return encoding
    }

    private func failure(
        of record: Record,
        _ code: RecordErrorCode,
        _ message: String
    ) -> RecordFailure {
        RecordFailure(
            index: record.index,
            id: record.id,
            code: code,
            message: message,
            carried: record.carried
        )
    }

    /// Probabilities, or why there are none.
    private typealias Outcome = Result<[Float], EngineError>

    /// Outcomes in the order of the slots that are ready; longest records first inside.
    private func classify(_ slots: [Slot]) throws(EngineError) -> [Outcome]? {
        let sequences = slots.compactMap { slot -> [Int32]? in
            if case .ready(_, let encoding) = slot { encoding.ids } else { nil }
        }
        let order = sequences.indices.sorted { left, right in
            let (a, b) = (sequences[left].count, sequences[right].count)
            return a != b ? a > b : left < right
        }
        var outcomes = [Outcome](repeating: .success([]), count: sequences.count)
        var start = 0
        var tokensDone = 0
        let failures = slots.count - sequences.count
        while start < order.count {
            if isCancelled() { return nil }
            var end = start
            var tokens = 0
            while end < order.count, tokens < Self.sliceTokens {
                tokens += sequences[order[end]].count
                end += 1
            }
            try compute(Array(order[start..<end]), of: sequences, into: &outcomes)
            start = end
            tokensDone += tokens
            progressed(failures + start, tokensDone)
        }
        return outcomes
    }

    /// Computes some sequences; one that cannot be computed is left out, the others are not.
    private func compute(
        _ indices: [Int],
        of sequences: [[Int32]],
        into outcomes: inout [Outcome]
    ) throws(EngineError) {
        var indices = indices
        while !indices.isEmpty {
            do throws(EngineError) {
                let logits = try model.engine.logits(of: indices.map { sequences[$0] })
                for (index, values) in zip(indices, logits) {
                    outcomes[index] = .success(
                        model.engine.probabilities(fromLogits: values)
                    )
                }
                return
            } catch {
                guard let place = error.sequence else { throw error }
                outcomes[indices.remove(at: place)] = .failure(error)
            }
        }
    }

    private func write(_ slots: [Slot], _ outcomes: [Outcome]) -> ShardResult {
        let writer = AnswerWriter(labels: model.labels, topLabels: options.topLabels)
        var bytes: [UInt8] = []
        var (failed, tokens, next) = (0, 0, 0)
        for slot in slots {
            switch slot {
            case .failed(let failure):
                AnswerWriter.appendFailure(failure, to: &bytes)
                failed += 1
            case .ready(let record, let encoding):
                let outcome = outcomes[next]
                next += 1
                guard case .success(let scores) = outcome, scores.allSatisfy(\.isFinite) else {
                    AnswerWriter.appendFailure(failure(record, encoding, outcome), to: &bytes)
                    failed += 1
                    continue
                }
                tokens += encoding.ids.count
                writer.appendClassification(
                    of: record,
                    scores: scores,
                    promptTokens: encoding.ids.count,
                    isTruncated: encoding.isTruncated,
                    tokenIDs: options.tokenIDs ? encoding.ids : nil,
                    to: &bytes
                )
            }
        }
        let digest = XXH3.digest(bytes)
        return ShardResult(
            bytes: bytes,
            records: slots.count,
            failedRecords: failed,
            tokens: tokens,
            digestHigh: digest.high,
            digestLow: digest.low
        )
    }

    /// Why a record that was tokenized has no answer.
    private func failure(
        _ record: Record,
        _ encoding: Encoding,
        _ outcome: Outcome
    ) -> RecordFailure {
        let (code, message): (RecordErrorCode, String) =
            switch outcome {
            case .success:
                (
                    .engineFailed,
                    "the model's numbers overflow on this record; the checkpoint is at fault"
                )
            case .failure(.outOfMemory):
                (
                    .outOfMemory,
                    "there is no memory for a text of \(encoding.ids.count) tokens; cut it with "
                        + "--max-length and --truncate, or give the worker more memory"
                )
            case .failure(let error): (.engineFailed, error.description)
            }
        return failure(of: record, code, message)
    }
}
