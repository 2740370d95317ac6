import Platform
import Synchronization

extension Engine {
    /// Tokens per second of greedy answers, `streams` at once: all new tokens by the whole time.
    ///
    /// Every text has `prompt` tokens, all drawn, and every answer `new` ones, whatever the model
    /// holds for an end. The pass over the prompts is part of the time. Runs calls one after the
    /// other for about `seconds` after one that is not counted, and takes the median. Blocks the
    /// calling thread. The model has a language head.
    ///
    /// - Parameter parameters: how tokens are chosen, where not greedily.
    package func decodeRate(
        streams: Int,
        prompt: Int,
        new: Int,
        seconds: Double,
        parameters: SamplingParameters = SamplingParameters()
    ) throws(EngineError) -> Double {
        let texts = drawnTexts(count: streams, length: prompt)
        var choosing = GenerationTask.Choosing(tokensMax: new)
        choosing.parameters = parameters
        return try rate(tokens: streams * new, seconds: seconds) { () throws(EngineError) in
            let listener = Deaf()
            let tasks = texts.enumerated().map { index, text in
                choosing.record = UInt64(index)
                return GenerationTask(
                    prompt: text,
                    continuation: .chosen(choosing),
                    observer: listener
                )
            }
            try self.generate(from: TaskList(tasks))
            if let failure = listener.failure { throw failure }
        }
    }
}

/// Listens to nothing but failure.
private final class Deaf: GenerationObserver {
    private let first = Mutex<EngineError?>(nil)

    var failure: EngineError? { first.withLock { $0 } }
    var isWanted: Bool { true }

    func took(_ token: GeneratedToken, sample: Int) -> Bool { true }
    func ended(_ end: GenerationEnd, sample: Int) {}
    func failed(_ error: EngineError) { first.withLock { $0 = $0 ?? error } }
}

/// Texts that are all there from the beginning.
private final class TaskList: GenerationSource {
    private let tasks: Mutex<[GenerationTask]>

    init(_ tasks: [GenerationTask]) { self.tasks = Mutex(tasks.reversed()) }

    func next(isIdle: Bool) -> GenerationTask? { tasks.withLock { $0.popLast() } }
}
