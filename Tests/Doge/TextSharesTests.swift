import Glibc
import Platform
import Synchronization
import Testing

@testable import Doge

/// Goal: no replica takes texts that another could begin sooner.
@Suite("How replicas share the texts of a source") struct TextSharesTests {
    /// Hands out texts to the first thread that asks, and to others once that one has run a pass.
    private final class Gate: GenerationSource, GenerationObserver {
        private struct State {
            var left: Int
            var first: pthread_t?
            var taken: [pthread_t: Int] = [:]
            /// What the first thread had taken when it had run a pass.
            var early: Int?
        }

        private let prompt: [Int32]
        private let state: Mutex<State>
        private let passed = Semaphore()

        init(texts: Int, tokens: Int) {
            prompt = (0..<tokens).map { Int32($0 + 1) }
            state = Mutex(State(left: texts))
        }

        /// Texts that the first thread took before anybody else could take one.
        var early: Int? { state.withLock { $0.early } }
        /// Texts that each thread took.
        var taken: [Int] { state.withLock { $0.taken.values.sorted() } }

        func next(isIdle: Bool) -> GenerationTask? {
            let thread = pthread_self()
            let isFirst = state.withLock { state in
                state.first = state.first ?? thread
                return state.first == thread
            }
            if !isFirst, state.withLock({ $0.early == nil }) { passed.wait() }
            return state.withLock { state -> GenerationTask? in
                guard state.left > 0 else { return nil }
                state.left -= 1
                state.taken[thread, default: 0] += 1
                return GenerationTask(
                    prompt: prompt,
                    continuation: .chosen(.init(tokensMax: 4)),
                    observer: self
                )
            }
        }

        var isWanted: Bool { true }

        func took(_ token: GeneratedToken, sample: Int) -> Bool {
            let isNews = state.withLock { state in
                guard state.early == nil else { return false }
                state.early = state.first.flatMap { state.taken[$0] }
                return true
            }
            // At most one thread waits.
            if isNews { passed.signal() }
            return true
        }

        func ended(_ end: GenerationEnd, sample: Int) {}
        func failed(_ error: EngineError) { Issue.record("\(error)") }
    }

    private func engine(replicas: Int) throws -> Engine {
        try Engine(
            model: DogeModel(directory: Golden.checkpoint("causal")),
            layout: EngineLayout(replicas: replicas, ranks: 1)
        )
    }

    @Test("while a replica has no text, another takes no more than a share", arguments: [1, 4, 16])
    func share(tokens: Int) throws {
        let gate = Gate(texts: 32, tokens: tokens)
        try engine(replicas: 2).generate(from: gate)
        #expect(gate.early == 16)
        #expect(gate.taken.reduce(0, +) == 32)
    }

    @Test("a replica that can give a text nothing leaves it to others")
    func full() throws {
        let gate = Gate(texts: TextShares.answersMax + 5, tokens: 1)
        try engine(replicas: 1).generate(from: gate)
        #expect(gate.early == TextShares.answersMax)
        #expect(gate.taken == [TextShares.answersMax + 5])
    }

    @Test("a share is at least one text, and a whole batch where nobody else is")
    func bounds() {
        #expect(TextShares(replicas: 1).tokens == Batch.tokensUsual)
        #expect(TextShares(replicas: 64).tokens == TextShares.tokensMin)
        let many = TextShares(replicas: 64)
        #expect(many.answers(isIdle: true) == 1)
        for _ in 0..<63 { many.begin() }
        #expect(many.answers(isIdle: true) == TextShares.answersMax)
        #expect(many.answers(isIdle: false) == 1)
        many.begin()
        #expect(many.answers(isIdle: false) == TextShares.answersMax)
    }
}
