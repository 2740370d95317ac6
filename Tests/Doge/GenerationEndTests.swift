import CDogeKernels
import FoundationEssentials
import Synchronization
import Testing

@testable import Doge

@Suite("How generated answers end") struct GenerationEndTests {
    private static let prompt: [Int32] = [0, 17, 4, 230]

    private func engine(threads: Int = 1, cacheBytes: Int = 64 << 20) throws -> Engine {
        try Engine(
            model: DogeModel(directory: Golden.checkpoint("causal")),
            threads: threads,
            cacheBytes: cacheBytes
        )
    }

    private func greedy(_ engine: Engine, _ count: Int) throws -> [Int32] {
        try engine.alone(.greedy(Self.prompt, count)).answers[0].ids
    }

    @Test("any of several end tokens ends an answer, and is its last token")
    func endTokens() throws {
        let engine = try engine()
        let whole = try greedy(engine, 40)
        let place = try #require(
            whole.indices.first { $0 > 3 && !whole[..<$0].contains(whole[$0]) }
        )
        var choosing = GenerationTask.Choosing(tokensMax: 40)
        let unused = try #require((1..<900).first { !whole.contains(Int32($0)) })
        choosing.endTokens = [Int32(unused), whole[place]]
        let witness = try engine.alone(Wish(Self.prompt, .chosen(choosing)))
        #expect(witness.answers[0].ids == Array(whole[...place]))
        #expect(witness.answers[0].end == .endToken)
        // As the last token that is allowed, it still counts as the end of a text.
        choosing.tokensMax = place + 1
        let exact = try engine.alone(Wish(Self.prompt, .chosen(choosing)))
        #expect(exact.answers[0].end == .endToken)
    }

    @Test("one token is an answer")
    func oneToken() throws {
        let engine = try engine()
        let witness = try engine.alone(.greedy(Self.prompt, 1))
        #expect(witness.answers[0].end == .length)
        #expect(try witness.answers[0].ids == [greedy(engine, 2)[0]])
        let given = try engine.alone(Wish(Self.prompt, .given([[5], [6, 7], [5]])))
        #expect(given.isComplete && given.answers.map(\.ids) == [[5], [6, 7], [5]])
        #expect(given.answers[0] == given.answers[2])
    }

    @Test("who has heard enough stops a sample, and nothing follows")
    func stopped() throws {
        let engine = try engine()
        let task = Wish.greedy(Self.prompt, 30).task(stopsAfter: 7)
        try engine.generate(from: TextList([task]))
        #expect(task.witness.isComplete && task.witness.answers[0].end == .stopped)
        #expect(try task.witness.answers[0].ids == Array(greedy(engine, 30).prefix(7)))
    }

    @Test("more texts than grow at once, more samples than that, and long prompts all end")
    func many() throws {
        let engine = try engine(threads: 2)
        var tasks = (0..<150).map { Wish.greedy([0, Int32($0 + 1)], 3 + $0 % 5).task() }
        var many = GenerationTask.Choosing(tokensMax: 4)
        many.samples = TextShares.answersMax + 9
        many.parameters.temperature = 1
        tasks.append(Wish(Self.prompt, .chosen(many)).task())
        let long = (0..<Batch.tokensUsual + 100).map { Int32($0 % 900 + 1) }
        tasks.append(Wish.greedy(long, 3).task())
        try engine.generate(from: TextList(tasks))
        #expect(tasks.allSatisfy { $0.witness.isComplete })
        #expect(tasks[150].witness.answers.allSatisfy { $0.tokens.count == 4 })
        #expect(engine.pagesLeft == 0)
    }

    @Test("long prompts join answers that are growing, one in each pass")
    func longPrompts() throws {
        /// Notes how many answers were growing when each text ended.
        final class Overlap: GenerationObserver {
            static let growing = Atomic(0)
            static let most = Atomic(0)
            let begun = Atomic(false)
            var isWanted: Bool { true }

            func took(_ token: GeneratedToken, sample: Int) -> Bool {
                if !begun.exchange(true, ordering: .relaxed) {
                    let now = Self.growing.add(1, ordering: .relaxed).newValue
                    Self.most.max(now, ordering: .relaxed)
                }
                return true
            }

            func ended(_ end: GenerationEnd, sample: Int) {
                Self.growing.subtract(1, ordering: .relaxed)
            }

            func failed(_ error: EngineError) { Issue.record("\(error)") }
        }
        let engine = try engine()
        let long = (0..<Batch.tokensUsual + 50).map { Int32($0 % 900 + 1) }
        let tasks = (0..<6).map { _ in
            GenerationTask(
                prompt: long,
                continuation: .chosen(GenerationTask.Choosing(tokensMax: 20)),
                observer: Overlap()
            )
        }
        try engine.generate(from: TextList(tasks))
        #expect(Overlap.most.load(ordering: .relaxed) == 6)
    }

    @Test(
        "a text for which there is no room fails alone and says what it needs, in any layout",
        arguments: [1, 2, 3]
    )
    func noRoom(replicas: Int) throws {
        let model = try DogeModel(directory: Golden.checkpoint("causal"))
        let page = PagePool.pageBytes(model.configuration, CK_F32)
        let engine = try engine(threads: replicas, cacheBytes: 2 * page)
        let fits = Wish.greedy(Self.prompt, 100).task()
        let large = Wish.greedy(Self.prompt, 200).task()
        var choosing = GenerationTask.Choosing(tokensMax: 60)
        choosing.samples = 3
        let wide = Wish(Self.prompt, .chosen(choosing)).task()
        try engine.generate(from: TextList([large, fits, wide]))
        #expect(fits.witness.isComplete)
        for (task, pages) in [(large, 4), (wide, 3)] {
            let error = EngineError.cacheTooSmall(
                index: 0,
                bytesNeeded: pages * page,
                bytesAllowed: 2 * page
            )
            #expect(task.witness.failures == [error])
            #expect(error.description.contains("--cache-mib"))
        }
        #expect(engine.pagesLeft == 0)
    }

    @Test("numbers that overflow fail their text, once, and not the engine")
    func overflow() throws {
        var tiny = TinyModel()
        tiny.configuration = tiny.configuration.replacing(
            "DogeForSequenceClassification",
            with: "DogeForCausalLM"
        )
        tiny["score.weight"].name = "lm_head.weight"
        tiny["lm_head.weight"].values = (0..<160).map { $0 % 2 == 0 ? 3e38 : -3e38 }
        tiny["lm_head.weight"].shape = [20, 8]
        tiny["model.norm.weight"].values = Array(repeating: 3e38, count: 8)
        try tiny.withFolder { directory in
            let engine = try Engine(model: DogeModel(directory: directory), threads: 1)
            var choosing = GenerationTask.Choosing(tokensMax: 5)
            choosing.samples = 2
            let tasks = [Wish.greedy([1, 2], 4).task(), Wish([3], .chosen(choosing)).task()]
            try engine.generate(from: TextList(tasks))
            #expect(tasks.allSatisfy { $0.witness.failures == [.notFinite(index: 0)] })
            #expect(tasks.allSatisfy { $0.witness.late == 0 })
            #expect(engine.pagesLeft == 0)
        }
    }
}
