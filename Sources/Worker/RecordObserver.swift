import Doge
import Records
import Synchronization
import Tokenization

/// Collects the answers of one record as they grow, and hands them in once they are complete.
///
/// The engine calls it on one thread at a time.
final class RecordObserver: GenerationObserver, @unchecked Sendable {
    private struct Sample {
        var tokenIDs: [Int32] = []
        var steps: [GeneratedSample.Step] = []
        var logprob = 0.0
        var text: [UInt8] = []
        var decoder: StreamingDecoder?
        var stops: StopStrings
        var end: GenerationEnd?
    }

    private var samples: [Sample]
    private let decoder: TokenDecoder?
    private let hasLogprobs: Bool
    private let wanted: @Sendable () -> Bool
    private let heard: (@Sendable (String) -> Void)?
    private let finished: @Sendable (Outcome) -> Void

    /// - Parameters:
    ///   - tokensMax: most tokens of a sample, for which memory is set aside.
    ///   - decoder: makes the text; nil where choices are weighed.
    ///   - heard: told each piece of the first sample's text as soon as it is sure.
    ///   - finished: told the outcome, once, unless the record is not wanted any more.
    init(
        samples count: Int,
        tokensMax: Int = 0,
        decoder: TokenDecoder?,
        stops: StopStrings,
        hasLogprobs: Bool,
        wanted: @escaping @Sendable () -> Bool,
        heard: (@Sendable (String) -> Void)? = nil,
        finished: @escaping @Sendable (Outcome) -> Void
    ) {
        samples = (0..<count).map { _ in
            var sample = Sample(
                decoder: decoder?.streaming(skipsSpecialTokens: true),
                stops: stops
            )
            sample.tokenIDs.reserveCapacity(tokensMax)
            return sample
        }
        self.decoder = decoder
        self.hasLogprobs = hasLogprobs
        self.wanted = wanted
        self.heard = heard
        self.finished = finished
    }

    var isWanted: Bool { wanted() }

    func took(_ token: GeneratedToken, sample: Int) -> Bool {
        samples[sample].tokenIDs.append(token.token)
        samples[sample].logprob += Double(token.logProbability ?? 0)
        guard let decoder else { return true }
        if hasLogprobs { samples[sample].steps.append(step(token, decoder)) }
        guard let piece = samples[sample].decoder?.append(token.token) else { return true }
        add(samples[sample].stops.append(piece), to: sample)
        return !samples[sample].stops.isComplete
    }

    func ended(_ end: GenerationEnd, sample: Int) {
        if let piece = samples[sample].decoder?.finish() {
            add(samples[sample].stops.append(piece), to: sample)
            add(samples[sample].stops.finish(), to: sample)
        }
        samples[sample].end = end
        guard samples.allSatisfy({ $0.end != nil }) else { return }
        finished(outcome)
    }

    private func add(_ piece: String, to sample: Int) {
        samples[sample].text += piece.utf8
        if sample == 0, !piece.isEmpty { heard?(piece) }
    }

    func failed(_ error: EngineError) { finished(.failed(error)) }

    private var outcome: Outcome {
        guard decoder != nil else {
            return .choices(samples.map { ($0.logprob, $0.tokenIDs.count) })
        }
        return .samples(
            samples.map { sample in
                GeneratedSample(
                    text: sample.text,
                    finishReason: sample.end == .length && !sample.stops.isComplete
                        ? .length : .stop,
                    tokenIDs: sample.tokenIDs,
                    logprobs: hasLogprobs ? sample.steps : nil
                )
            }
        )
    }

    private func step(_ token: GeneratedToken, _ decoder: TokenDecoder) -> GeneratedSample.Step {
        func candidate(_ id: Int32, _ logprob: Float) -> GeneratedSample.Candidate {
            GeneratedSample.Candidate(bytes: Array(decoder.bytes(ofToken: id)), logprob: logprob)
        }
        return GeneratedSample.Step(
            chosen: candidate(token.token, token.logProbability ?? -.infinity),
            best: token.alternatives.map { candidate($0.token, $0.logProbability) }
        )
    }
}
