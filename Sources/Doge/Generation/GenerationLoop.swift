/// A replica's continuous batch: texts join as soon as there is room, answers leave as they end.
///
/// Every pass holds the prompts that joined and one token of each answer on its way.
struct GenerationLoop {
    private let evaluator: Evaluator
    private let source: any GenerationSource
    private let shares: TextShares
    /// Whether the shares count this replica among those that have texts.
    private var hasTexts = false
    private var answers: [GrowingAnswer] = []
    private var joined: [Prompt] = []
    private var sampler: Sampler
    // What a pass is about; kept, as no pass may take memory.
    private var segments: [Segment] = []
    private var rows: [Evaluator.Row] = []
    private var next: [GrowingAnswer] = []
    private var failed: [GenerationTask] = []
    /// The logits of a text with several answers, each of which may change them.
    private var original: [Float] = []
    /// A text for which there was no room yet.
    private var waiting: GenerationTask?

    /// A text that joins, and pages set aside for each of its answers but the first.
    private struct Prompt {
        let task: GenerationTask
        let cache: CachedSequence
        let reservations: [PageReservation]
    }

    init(_ evaluator: Evaluator, _ source: any GenerationSource, _ shares: TextShares) {
        self.evaluator = evaluator
        self.source = source
        self.shares = shares
        sampler = Sampler(kernels: evaluator.kernels)
        answers.reserveCapacity(TextShares.answersMax)
        next.reserveCapacity(TextShares.answersMax)
    }

    /// Works until the source has nothing more.
    mutating func run() throws(EngineError) {
        while true {
            answers.removeAll { !$0.task.observer.isWanted }
            join()
            guard !joined.isEmpty || !answers.isEmpty else { return }
            try pass()
        }
    }

    // MARK: Joining

    /// Takes texts while there is room for their answers, up to a share of a batch's tokens.
    private mutating func join() {
        var tokens = answers.count + joined.reduce(0) { $0 + $1.task.prompt.count }
        var growing = answers.count + joined.reduce(0) { $0 + $1.task.sampleCount }
        let tokensMax = min(evaluator.batchTokens, answers.count + shares.tokens)
        count(growing)
        // Who can give a text nothing leaves it to others.
        while tokens < tokensMax, growing < shares.answers(isIdle: growing == 0) {
            let isIdle = growing == 0
            guard let task = waiting ?? source.next(isIdle: isIdle) else { return }
            waiting = nil
            guard task.observer.isWanted else { continue }
            // A prompt longer than that joins as the only one of its pass.
            let fits =
                growing + task.sampleCount <= TextShares.answersMax
                && (joined.isEmpty || tokens + task.prompt.count <= tokensMax)
            guard isIdle || fits else {
                waiting = task
                return
            }
            switch admit(task, isIdle: isIdle) {
            case .joined:
                tokens += task.prompt.count
                growing += task.sampleCount
                count(growing)
            case .refused: continue
            case .noRoom:
                waiting = task
                return
            }
        }
    }

    /// Tells the shares whether this replica has texts.
    private mutating func count(_ growing: Int) {
        guard hasTexts != (growing > 0) else { return }
        hasTexts.toggle()
        if hasTexts { shares.begin() } else { shares.end() }
    }

    private enum Admission {
        case joined, refused, noRoom
    }

    /// Sets pages aside for all answers of a text; a replica that has no other waits for them.
    private mutating func admit(_ task: GenerationTask, isIdle: Bool) -> Admission {
        let c = evaluator.configuration
        let pool = evaluator.pool
        let each = CachedSequence.pageCount(c, tokens: task.tokensMax)
        guard each * task.sampleCount <= pool.capacity else {
            let page = PagePool.pageBytes(c, pool.format)
            task.observer.failed(
                .cacheTooSmall(
                    index: 0,
                    bytesNeeded: each * task.sampleCount * page,
                    bytesAllowed: pool.capacity * page
                )
            )
            return .refused
        }
        // Other replicas may have the pages: whoever has answers gives theirs back in time.
        let whole =
            isIdle
            ? pool.waitAndReserve(each * task.sampleCount) : pool.reserve(each * task.sampleCount)
        guard let whole else { return .noRoom }
        let reservations = (0..<task.sampleCount).dropFirst().map { _ in whole.split(each) }
        let cache = CachedSequence(c, whole, tokens: task.tokensMax)
        guard cache.makeRoom(for: task.prompt.count) else {
            task.observer.failed(.outOfMemory(index: 0, tokenCount: task.prompt.count))
            return .refused
        }
        joined.append(Prompt(task: task, cache: cache, reservations: reservations))
        return .joined
    }

    // MARK: Passes

    private mutating func pass() throws(EngineError) {
        while let answer = answers.first(where: { !$0.cache.makeRoom(for: 1) }) {
            fail(answer.task, .outOfMemory(index: 0, tokenCount: answer.cache.length + 1))
        }
        defer { segments.removeAll(keepingCapacity: true) }
        var tokenCount = 0
        for prompt in joined {
            let tokens = prompt.task.prompt
            let wanted = tokens.count - 1..<tokens.count
            segments.append(Segment(tokens: tokens, wanted: wanted, cache: prompt.cache))
            tokenCount += tokens.count
        }
        for answer in answers {
            segments.append(Segment(next: answer.next, cache: answer.cache))
            tokenCount += 1
        }
        do throws(PassFailure) {
            try evaluator.forward(segments)
        } catch .outOfMemory where !joined.isEmpty {
            // Only prompts make a pass larger than any before: the longest goes, others try again.
            let longest = joined.indices.max {
                joined[$0].task.prompt.count < joined[$1].task.prompt.count
            }
            let prompt = joined.remove(at: longest ?? 0)
            let count = prompt.task.prompt.count
            prompt.task.observer.failed(.outOfMemory(index: 0, tokenCount: count))
            return
        } catch {
            throw EngineError(error, index: 0, tokenCount)
        }
        do throws(PassFailure) {
            try decide()
        } catch {
            throw EngineError(error, index: 0, tokenCount)
        }
    }

    /// Chooses a token for every segment of the pass; answers that ended are let go.
    private mutating func decide() throws(PassFailure) {
        rows.removeAll(keepingCapacity: true)
        for (number, segment) in segments.enumerated() {
            rows.append(Evaluator.Row(segment: number, position: segment.wanted.lowerBound))
        }
        try evaluator.languageLogits(rows) { number, logits in
            let best = sampler.bestFinite(UnsafeBufferPointer(logits))
            if number < joined.count {
                begin(joined[number], logits, best)
            } else {
                goOn(answers[number - joined.count], logits, best)
            }
        }
        joined.removeAll(keepingCapacity: true)
        swap(&answers, &next)
        next.removeAll(keepingCapacity: true)
        for task in failed { fail(task, .notFinite(index: 0)) }
        failed.removeAll()
    }

    /// Gives an answer its next token; `best` is nil where the logits are not finite.
    private mutating func goOn(
        _ answer: GrowingAnswer,
        _ logits: UnsafeMutableBufferPointer<Float>,
        _ best: Int32?
    ) {
        if let best {
            if answer.take(logits, best: best, &sampler) { next.append(answer) }
        } else if !failed.contains(where: { $0.observer === answer.task.observer }) {
            failed.append(answer.task)
        }
    }

    /// Begins the answers of a text whose prompt has been read.
    private mutating func begin(
        _ prompt: Prompt,
        _ logits: UnsafeMutableBufferPointer<Float>,
        _ best: Int32?
    ) {
        let task = prompt.task
        guard let best else { return task.observer.failed(.notFinite(index: 0)) }
        if task.sampleCount > 1 {
            original.removeAll(keepingCapacity: true)
            original.append(contentsOf: logits)
        }
        for sample in 0..<task.sampleCount {
            if sample > 0 { _ = logits.update(from: original) }
            let cache =
                sample == 0
                ? prompt.cache : prompt.cache.fork(prompt.reservations[sample - 1])
            let answer = GrowingAnswer(task, sample: sample, cache: cache)
            if answer.take(logits, best: best, &sampler) { next.append(answer) }
        }
    }

    /// Gives a text up: its answers leave, and its observer hears why, once.
    private mutating func fail(_ task: GenerationTask, _ error: EngineError) {
        answers.removeAll { $0.task.observer === task.observer }
        task.observer.failed(error)
    }
}
