import Doge
import Platform
import Records
import Tokenization
import Wire

/// Writes the answers of a shard.
struct ShardAnswers {
    let text: ModelText
    let options: TaskOptions
    private let writer: AnswerWriter

    init(text: ModelText, options: TaskOptions) {
        self.text = text
        self.options = options
        writer = AnswerWriter(
            labels: options.choices.isEmpty ? text.configuration.labels : options.choices,
            topLabels: options.topLabels
        )
    }

    /// All answers in the order of the slots; one outcome for each slot that is ready.
    func write(_ slots: [ShardSlot], _ outcomes: [Outcome]) -> ShardResult {
        var bytes: [UInt8] = []
        var (failed, tokens, next) = (0, 0, 0)
        for slot in slots {
            let start = bytes.count
            do throws(RecordFailure) {
                switch slot {
                case .failed(let failure): throw failure
                case .ready(let record, let encoding):
                    let outcome = outcomes[next]
                    next += 1
                    tokens += try append(outcome, record, encoding, to: &bytes)
                }
            } catch {
                bytes.removeLast(bytes.count - start)
                AnswerWriter.appendFailure(error, to: &bytes)
                failed += 1
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

    /// Appends one answer, or nothing where it throws.
    ///
    /// - Returns: its tokens, those that were read and those that were made.
    func append(
        _ outcome: Outcome,
        _ record: Record,
        _ encoding: Encoding,
        to bytes: inout [UInt8]
    ) throws(RecordFailure) -> Int {
        let count = encoding.ids.count
        let ids = options.tokenIDs ? encoding.ids : nil
        switch outcome {
        case .failed(let error): throw record.failure(error, tokenCount: count)
        case .labels(let numbers), .vector(let numbers), .logprobs(let numbers):
            guard numbers.allSatisfy(\.isFinite) else {
                throw record.failure(.notFinite(index: 0), tokenCount: count)
            }
            append(outcome, numbers, record, encoding, ids, to: &bytes)
        case .choices(let choices):
            let logprobs = choices.map { Float($0.logprob) }
            let means = choices.map { Float($0.logprob / Double(max(1, $0.tokens))) }
            guard logprobs.allSatisfy(\.isFinite) else {
                throw record.failure(.notFinite(index: 0), tokenCount: count)
            }
            writer.appendClassification(
                of: record,
                scores: Engine.softmax(options.choiceScore == .mean ? means : logprobs),
                logprobs: logprobs,
                promptTokens: count,
                isTruncated: encoding.isTruncated,
                tokenIDs: ids,
                to: &bytes
            )
        case .samples(let samples):
            let start = bytes.count
            AnswerWriter.appendGeneration(
                of: record,
                samples: samples,
                promptTokens: count,
                isTruncated: encoding.isTruncated,
                hasTokenIDs: options.tokenIDs,
                to: &bytes
            )
            let ofRecord = record.carried.reduce(record.id.count) {
                $0 + $1.name.count + $1.value.count
            }
            let size = bytes.count - start - ofRecord
            guard size <= options.textBytesMax else {
                throw record.failure(
                    .tooLong,
                    "the answer has \(size) bytes, a record's of this job may have "
                        + "\(options.textBytesMax); ask for fewer samples, tokens or "
                        + "log-probabilities, or ask for them of the whole job by --n, "
                        + "--max-new-tokens and --logprobs, by which its shards are cut"
                )
            }
            return count + samples.reduce(0) { $0 + $1.tokenIDs.count }
        }
        return count
    }

    /// Appends the answer of a record that took one pass.
    private func append(
        _ outcome: Outcome,
        _ numbers: [Float],
        _ record: Record,
        _ encoding: Encoding,
        _ ids: [Int32]?,
        to bytes: inout [UInt8]
    ) {
        let count = encoding.ids.count
        let isTruncated = encoding.isTruncated
        switch outcome {
        case .vector:
            AnswerWriter.appendEmbedding(
                of: record,
                embedding: numbers,
                promptTokens: count,
                isTruncated: isTruncated,
                tokenIDs: ids,
                to: &bytes
            )
        case .logprobs:
            AnswerWriter.appendScore(
                of: record,
                logprob: numbers.reduce(0) { $0 + Double($1) },
                tokens: numbers.count,
                isCausal: text.configuration.isCausal,
                promptTokens: count,
                isTruncated: isTruncated,
                tokenIDs: ids,
                to: &bytes
            )
        default:
            writer.appendClassification(
                of: record,
                scores: numbers,
                promptTokens: count,
                isTruncated: isTruncated,
                tokenIDs: ids,
                to: &bytes
            )
        }
    }
}
