extension AnswerWriter {
    /// Appends the answer of a record for which texts were generated.
    ///
    /// One text stands in the answer itself; several in a list, in the order given.
    ///
    /// - Parameters:
    ///   - samples: at least one.
    ///   - promptTokens: tokens that the model read.
    ///   - hasTokenIDs: whether the ids of the generated tokens were asked for.
    package static func appendGeneration(
        of record: Record,
        samples: [GeneratedSample],
        promptTokens: Int,
        isTruncated: Bool,
        hasTokenIDs: Bool,
        to line: inout [UInt8]
    ) {
        precondition(!samples.isEmpty, "an answer without a text is a failure")
        let single = samples.count == 1 ? samples[0] : nil
        appendHead(id: record.id, index: record.index, to: &line)
        line.append(UInt8(ascii: ","))
        if let single {
            append(single, to: &line)
        } else {
            line += Array("\"samples\":".utf8)
            appendList(samples, to: &line) { sample, line in
                line.append(UInt8(ascii: "{"))
                append(sample, to: &line)
                if hasTokenIDs { appendTokenIDs(sample.tokenIDs, to: &line) }
                line.append(UInt8(ascii: "}"))
            }
        }
        appendUsage(
            promptTokens: promptTokens,
            completionTokens: samples.reduce(0) { $0 + $1.tokenIDs.count },
            isTruncated: isTruncated,
            to: &line
        )
        if let single, hasTokenIDs { appendTokenIDs(single.tokenIDs, to: &line) }
        appendTail(record.carried, to: &line)
    }

    private static func append(_ sample: GeneratedSample, to line: inout [UInt8]) {
        line += Array("\"text\":".utf8)
        appendText(sample.text, to: &line)
        line += Array(",\"finish_reason\":\"\(sample.finishReason.rawValue)\"".utf8)
        guard let steps = sample.logprobs else { return }
        line += Array(",\"logprobs\":{\"content\":".utf8)
        appendList(steps, to: &line) { step, line in
            line.append(UInt8(ascii: "{"))
            append(step.chosen, to: &line)
            line += Array(",\"top_logprobs\":".utf8)
            appendList(step.best, to: &line) { candidate, line in
                line.append(UInt8(ascii: "{"))
                append(candidate, to: &line)
                line.append(UInt8(ascii: "}"))
            }
            line.append(UInt8(ascii: "}"))
        }
        line.append(UInt8(ascii: "}"))
    }

    /// What OpenAI's answers have in place of the logarithm of nothing, which JSON cannot say.
    private static let leastLogprob: Float = -9999

    private static func append(_ candidate: GeneratedSample.Candidate, to line: inout [UInt8]) {
        let logprob = candidate.logprob.isFinite ? candidate.logprob : leastLogprob
        line += Array("\"token\":".utf8)
        appendText(candidate.bytes, to: &line)
        line += Array(",\"logprob\":\(logprob),\"bytes\":".utf8)
        appendList(candidate.bytes, to: &line) { byte, line in line += Array(String(byte).utf8) }
    }

    /// A text in which parts of characters become U+FFFD, so that the line is UTF-8.
    private static func appendText(_ bytes: [UInt8], to line: inout [UInt8]) {
        let isWhole = bytes.withUnsafeBufferPointer { UTF8Check.firstInvalidByte($0) == nil }
        if isWhole {
            JSONText.append(bytes, to: &line)
        } else {
            JSONText.append(String(decoding: bytes, as: UTF8.self).utf8, to: &line)
        }
    }
}
