import Doge
import Records
import Tokenization

/// Makes the engine's tasks from records: texts to be generated, or choices to be weighed.
struct ContinuationMaker: Sendable {
    let text: ModelText
    let options: TaskOptions
    private let defaults: GenerationDefaults
    private let endTokens: Set<Int32>
    private let decoder: TokenDecoder?
    private let choices: [[Int32]]

    init(text: ModelText, options: TaskOptions) throws(LoadFailure) {
        self.text = text
        self.options = options
        do throws(ModelError) {
            // Choices are given: what the model's file says of making texts is nothing to them.
            defaults =
                try options.choices.isEmpty ? text.generation.get() : GenerationDefaults()
        } catch {
            throw .model(error)
        }
        endTokens = Set(defaults.endTokenIDs ?? text.configuration.endTokenIDs)
        do throws(TokenizerError) {
            if options.choices.isEmpty {
                decoder = try text.tokenizer.decoder()
                choices = []
            } else {
                decoder = nil
                choices = try options.choices.map { choice throws(TokenizerError) in
                    try text.tokenizer.encode(
                        Array(choice.utf8),
                        addsSpecialTokens: false,
                        scratch: text.scratch
                    ).ids
                }
            }
        } catch {
            throw .tokenizer(error)
        }
        if let empty = choices.firstIndex(of: []) {
            throw .choice(options.choices[empty])
        }
        let size = text.configuration.vocabularySize
        for (choice, tokens) in zip(options.choices, choices) {
            guard let token = tokens.first(where: { !(0..<Int32(size)).contains($0) }) else {
                continue
            }
            throw .unknownChoice(choice, token: token, vocabularySize: size)
        }
    }

    /// Tokens that must have room behind a prompt, and that are left behind one that is cut.
    ///
    /// A prompt that is cut leaves room for the answer that was asked for, up to half the limit;
    /// one that fits is left as it is, and its answer ends at the limit.
    func room(behind record: Record, limit: Int) -> (least: Int, ofCut: Int) {
        if let longest = choices.map(\.count).max() { return (longest, longest) }
        let wanted = plan(record, promptTokens: 0, limit: limit).choosing.tokensMax
        return (1, max(1, min(wanted, limit / 2)))
    }

    private func plan(_ record: Record, promptTokens: Int, limit: Int) -> GenerationPlan {
        GenerationPlan(
            options,
            record: record,
            promptTokens: promptTokens,
            limit: limit,
            defaults: defaults,
            endTokens: endTokens
        )
    }

    func task(
        _ record: Record,
        _ encoding: Encoding,
        wanted: @escaping @Sendable () -> Bool,
        heard: (@Sendable (String) -> Void)? = nil,
        finished: @escaping @Sendable (Outcome) -> Void
    ) -> GenerationTask {
        guard choices.isEmpty else {
            let observer = RecordObserver(
                samples: choices.count,
                decoder: nil,
                stops: StopStrings(),
                hasLogprobs: false,
                wanted: wanted,
                finished: finished
            )
            return GenerationTask(
                prompt: encoding.ids,
                continuation: .given(choices),
                observer: observer
            )
        }
        let plan = plan(
            record,
            promptTokens: encoding.ids.count,
            limit: options.maxLength ?? text.maxLength
        )
        // Flags, record fields and model files are checked where they are read: nothing is wrong.
        let stops = (try? StopStrings(plan.stops.map { Array($0.utf8) })) ?? StopStrings()
        let observer = RecordObserver(
            samples: plan.choosing.samples,
            tokensMax: plan.choosing.tokensMax,
            decoder: decoder,
            stops: stops,
            hasLogprobs: plan.choosing.alternatives != nil,
            wanted: wanted,
            heard: heard,
            finished: finished
        )
        return GenerationTask(
            prompt: encoding.ids,
            continuation: .chosen(plan.choosing),
            observer: observer
        )
    }
}

extension TaskOptions {
    /// Whether texts go on behind a record's: generated ones, or choices.
    var isContinuing: Bool { task == .generate || !choices.isEmpty }
}
