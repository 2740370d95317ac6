package import Doge
import Platform
package import Records
import Synchronization
import Tokenization

/// One model that answers single texts in this process, by the same path as the shards of a job.
///
/// Used by one thread at a time, never on Swift's cooperative pool: it blocks.
package final class Trial {
    /// What became of a text.
    package struct Answer: Sendable {
        /// The answer of a job: one JSON line, an error's too.
        package var line: [UInt8]
        /// Why there is none; nil where the line is an answer.
        package var failure: String?
        /// Tokens that were read.
        package var promptTokens = 0
        /// Tokens that were made.
        package var madeTokens = 0
        /// Seconds until the first token, or until the answer where none is made.
        package var firstSeconds = 0.0
        /// Seconds for the whole answer.
        package var seconds = 0.0
    }

    private let model: LoadedModel

    /// Opens the model, whatever its digest.
    package init(
        model path: String,
        _ type: TaskOptions.NumberType,
        layout: EngineLayout.Wish,
        cacheMiB: Int,
        pinning: Pinning = .off(.asked)
    ) throws(LoadFailure) {
        model = try LoadedModel(
            path: path,
            DataType(type),
            layout,
            cacheBytes: cacheMiB << 20,
            pinning: pinning
        )
    }

    /// How the engine's threads share the work, and why; for people.
    package var layout: String { model.sentence }

    /// Why threads or memory are not placed as planned; nil where they are.
    package var placementFailure: String? { model.placementFailure }

    /// Answers one text.
    ///
    /// - Parameter heard: told each piece of a generated text as soon as it is sure, on a thread of
    ///   the engine.
    package func answer(
        _ text: [UInt8],
        _ options: TaskOptions,
        heard: @escaping @Sendable (String) -> Void
    ) throws(LoadFailure) -> Answer {
        let record = Record(index: 0, id: Array("null".utf8), text: text, carried: [])
        let texts =
            try options.isContinuing ? ContinuationMaker(text: model.text, options: options) : nil
        let reader = ShardReader(text: model.text, options: options, texts: texts)
        let clock = Clock()
        do throws(RecordFailure) {
            let encoding = try reader.tokenize(record)
            let outcome = outcome(record, encoding, options, texts) { piece in
                clock.mark()
                heard(piece)
            }
            var answer = clock.answer
            let tokens = try ShardAnswers(text: model.text, options: options)
                .append(outcome, record, encoding, to: &answer.line)
            answer.promptTokens = encoding.ids.count
            answer.madeTokens = tokens - encoding.ids.count
            return answer
        } catch {
            var answer = clock.answer
            AnswerWriter.appendFailure(error, to: &answer.line)
            answer.failure = error.message
            return answer
        }
    }

    private func outcome(
        _ record: Record,
        _ encoding: Encoding,
        _ options: TaskOptions,
        _ texts: ContinuationMaker?,
        heard: @escaping @Sendable (String) -> Void
    ) -> Outcome {
        do throws(EngineError) {
            guard let texts else {
                let list = OnePass(encoding.ids, PassTask(options), model.text.configuration)
                try model.engine.run(from: list)
                return known(list.outcome.withLock { $0 })
            }
            let list = OneText()
            list.task.withLock {
                $0 = texts.task(record, encoding, wanted: { true }, heard: heard) { outcome in
                    list.outcome.withLock { $0 = outcome }
                }
            }
            try model.engine.generate(from: list)
            return known(list.outcome.withLock { $0 })
        } catch {
            return .failed(error)
        }
    }

    /// The outcome of a text that nobody has given up.
    private func known(_ outcome: Outcome?) -> Outcome {
        guard let outcome else { preconditionFailure("a text that is wanted has an outcome") }
        return outcome
    }
}

/// A single text, and what became of it.
private final class OneText: GenerationSource {
    let task = Mutex<GenerationTask?>(nil)
    let outcome = Mutex<Outcome?>(nil)

    func next(isIdle: Bool) -> GenerationTask? {
        task.withLock { task in
            defer { task = nil }
            return task
        }
    }
}

/// A single text that needs one pass, and what became of it.
private final class OnePass: PassSource {
    let work = Mutex<PassWork?>(nil)
    let outcome = Mutex<Outcome?>(nil)

    init(_ ids: [Int32], _ task: PassTask, _ configuration: DogeConfiguration) {
        let pass = PassWork(texts: [ids], task: task) { [weak self] made in
            self?.outcome.withLock { $0 = Outcome(made[0], of: task, configuration) }
        }
        work.withLock { $0 = pass }
    }

    func next() -> PassWork? {
        work.withLock { work in
            defer { work = nil }
            return work
        }
    }

    func close() {}
}

/// Measures from its making to the first mark, and to the answer.
private final class Clock: Sendable {
    private let start = MonotonicClock.nanoseconds()
    private let first = Mutex<UInt64?>(nil)

    func mark() {
        first.withLock { $0 = $0 ?? MonotonicClock.nanoseconds() }
    }

    /// An answer that is empty but for its times.
    var answer: Trial.Answer {
        let now = MonotonicClock.nanoseconds()
        var answer = Trial.Answer(line: [])
        answer.seconds = Double(now - start) / 1e9
        answer.firstSeconds = Double((first.withLock { $0 } ?? now) - start) / 1e9
        return answer
    }
}
