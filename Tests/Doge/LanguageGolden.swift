import FoundationEssentials
import Synchronization

@testable import Doge

/// What transformers answers in float64 for language models and bare bodies.
extension Golden {
    static let languageNames = [
        "causal", "causal-dynamic", "causal-moe", "causal-per-token", "causal-sliding",
        "causal-sliding-window", "causal-untied", "causal-window", "causal-xielu", "linear",
        "llama3", "longrope", "proportional", "yarn", "yarn-mscale",
    ]

    /// One text: its states after the last norm and its log-probabilities.
    struct Text: Decodable {
        let ids: [Int32]
        let hidden_last: [Double]
        let hidden_mean: [Double]
        let logprob: Double?
        let logprobs: [Double]?
        /// The five best tokens behind the text, each an id and its logit.
        let last_logits_top: [[Double]]?
        let expert_margin: Double?
        let window_margin_untied: Double?

        var isNarrow: Bool { (expert_margin ?? 1) < 1e-5 || (window_margin_untied ?? 1) < 1e-5 }
    }

    /// One greedy continuation, by cached decoding, and how near each choice was.
    struct Continuation: Decodable {
        let ids: [Int32]
        let tokens: [Int32]
        let margins: [Double]
        let logprobs: [Double]
        let expert_margin: Double?
        let window_margin_untied: Double?

        var isNarrow: Bool { (expert_margin ?? 1) < 1e-5 || (window_margin_untied ?? 1) < 1e-5 }
    }

    /// One prompt whose choices were weighed.
    struct Weighing: Decodable {
        struct Choice: Decodable {
            let ids: [Int32]
            let logprob: Double
        }

        let checkpoint: String
        let ids: [Int32]
        let choices: [Choice]
    }

    static func lines<Line: Decodable>(_ path: String, as type: Line.Type) throws -> [Line] {
        let data = try Data(contentsOf: folder.appendingPathComponent("golden/\(path).jsonl"))
        return try data.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Line.self, from: Data($0))
        }
    }
}

/// What one text's answers were.
final class Listener: GenerationObserver {
    struct Answer: Equatable {
        var tokens: [GeneratedToken] = []
        var end: GenerationEnd?

        var ids: [Int32] { tokens.map(\.token) }
    }

    private let state: Mutex<(answers: [Answer], failure: EngineError?)>
    private let stopsAfter: Int

    init(samples: Int, stopsAfter: Int = .max) {
        state = Mutex((Array(repeating: Answer(), count: samples), nil))
        self.stopsAfter = stopsAfter
    }

    var answers: [Answer] { state.withLock { $0.answers } }
    var failure: EngineError? { state.withLock { $0.failure } }
    var isWanted: Bool { true }

    func took(_ token: GeneratedToken, sample: Int) -> Bool {
        state.withLock {
            $0.answers[sample].tokens.append(token)
            return $0.answers[sample].tokens.count < stopsAfter
        }
    }

    func ended(_ end: GenerationEnd, sample: Int) {
        state.withLock { $0.answers[sample].end = end }
    }

    func failed(_ error: EngineError) {
        state.withLock { $0.failure = error }
    }
}

/// Hands out texts in their order.
final class TextList: GenerationSource {
    private let tasks: Mutex<[GenerationTask]>

    init(_ tasks: [GenerationTask]) {
        self.tasks = Mutex(tasks.reversed())
    }

    func next(isIdle: Bool) -> GenerationTask? { tasks.withLock { $0.popLast() } }
}

extension Engine {
    /// The answers to prompts, all of the same wish; what failed has no answers.
    func answers(
        to prompts: [[Int32]],
        _ continuation: (Int) -> GenerationTask.Continuation
    ) throws -> [Listener] {
        let tasks = prompts.enumerated().map { index, prompt in
            let continuation = continuation(index)
            let samples =
                switch continuation {
                case .chosen(let choosing): choosing.samples
                case .given(let texts): texts.count
                }
            return GenerationTask(
                prompt: prompt,
                continuation: continuation,
                observer: Listener(samples: samples)
            )
        }
        try generate(from: TextList(tasks))
        return tasks.compactMap { $0.observer as? Listener }
    }
}
