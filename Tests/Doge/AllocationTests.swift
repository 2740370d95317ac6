import CAllocations
import Synchronization
import Testing

@testable import Doge

/// Whether this build is one that the counts are right for.
private var isCounted: Bool {
    #if DEBUG
    false
    #else
    ca_is_counting()
    #endif
}

/// Goal: once warm, neither a token nor a pass takes memory.
///
/// Method: the allocations of the engine's own threads are counted between two tokens of a long
/// answer, or over passes of a batch that ran before; see CAllocations.h. Only optimised code is
/// held to it: without optimisation closures and generics take memory that they need not.
@Suite("Allocations of the engine's threads", .enabled(if: isCounted))
struct AllocationTests {
    static let names = [
        "causal", "causal-dynamic", "causal-moe", "causal-per-token", "causal-sliding-window",
        "causal-window",
    ]

    /// Has a pass's ranks watched.
    private final class Watch: RankWork {
        private let tally: Tally
        init(_ tally: Tally) { self.tally = tally }
        func run(_ rank: Rank) { ca_watch(tally.handle) }
    }

    private struct Tally: @unchecked Sendable {  // the C side is atomic
        let handle = ca_make_tally()
        var count: Int { ca_count(handle) }
    }

    /// An observer of many answers that opens the tally at one step and closes it at another.
    private final class Counter: GenerationObserver {
        private let tally: Tally
        private let steps: Range<Int>
        private let taken = Atomic(0)

        init(_ tally: Tally, steps: Range<Int>) {
            self.tally = tally
            self.steps = steps
        }

        var isWanted: Bool { true }

        func took(_ token: GeneratedToken, sample: Int) -> Bool {
            let step = taken.add(1, ordering: .relaxed).newValue
            if step == steps.lowerBound { ca_open(tally.handle, true) }
            if step == steps.upperBound { ca_open(tally.handle, false) }
            return true
        }

        func ended(_ end: GenerationEnd, sample: Int) {}
        func failed(_ error: EngineError) { Issue.record("\(error)") }
    }

    /// Another observer than the one that counts.
    private final class Quiet: GenerationObserver {
        var isWanted: Bool { true }
        func took(_ token: GeneratedToken, sample: Int) -> Bool { true }
        func ended(_ end: GenerationEnd, sample: Int) {}
        func failed(_ error: EngineError) { Issue.record("\(error)") }
    }

    private func engine(
        _ name: String,
        _ type: DataType = .f32,
        ranks: Int,
        _ tally: Tally
    ) throws -> Engine {
        let engine = try Engine(
            model: DogeModel(directory: Golden.checkpoint(name), dataType: type),
            layout: EngineLayout(replicas: 1, ranks: ranks)
        )
        engine.perform { evaluator in evaluator.crew.run(Watch(tally)) }
        return engine
    }

    /// Allocations of some steps of 32 answers, the same having run once before.
    private func count(
        _ name: String,
        _ type: DataType = .f32,
        ranks: Int = 1,
        steps: Int = 200,
        _ parameters: SamplingParameters = SamplingParameters()
    ) throws -> Int {
        let tally = Tally()
        let engine = try engine(name, type, ranks: ranks, tally)
        var choosing = GenerationTask.Choosing(tokensMax: steps + 20)
        choosing.parameters = parameters
        for steps in [1_000..<1_001, 10..<10 + steps] {
            let tasks = (0..<32).map { number in
                choosing.record = UInt64(number)
                let observer: any GenerationObserver =
                    number == 0 ? Counter(tally, steps: steps) : Quiet()
                return GenerationTask(
                    prompt: [1, 2, Int32(number)],
                    continuation: .chosen(choosing),
                    observer: observer
                )
            }
            try engine.generate(from: TextList(tasks))
        }
        return tally.count
    }

    @Test("what a thread takes is counted, by whatever call, and only between open and close")
    func counter() {
        let tally = Tally()
        ca_watch(tally.handle)
        defer { ca_watch(nil) }
        var arrays = [[Int]](repeating: [], count: 4)
        arrays[0].reserveCapacity(100)
        ca_open(tally.handle, true)
        arrays[1].reserveCapacity(100)
        let buffer = AlignedBuffer(capacity: 100)
        ca_open(tally.handle, false)
        arrays[2].reserveCapacity(100)
        #expect(tally.count == 2 && buffer != nil)
    }

    @Test("200 greedy tokens of 32 answers take no memory", arguments: names)
    func greedy(name: String) throws {
        #expect(try count(name) == 0)
    }

    @Test("nor do tokens that several threads make together, in any type")
    func ranks() throws {
        for type in DataType.allCases {
            #expect(try count("causal-moe", type, ranks: 2, steps: 10) == 0, "\(type)")
        }
    }

    @Test("nor do sampled ones, by any filter", arguments: ["causal"])
    func sampled(name: String) throws {
        for (topK, topP, minP, penalty) in [
            (50, 0.95, 0, 1), (0, 1, 0, 1), (0, 0.9, 0, 1), (0, 1, 0.01, 1), (7, 1, 0, 1.2),
        ] as [(Int, Float, Float, Float)] {
            var parameters = SamplingParameters()
            parameters.temperature = 0.8
            (parameters.topK, parameters.topP, parameters.minP) = (topK, topP, minP)
            parameters.repetitionPenalty = penalty
            #expect(try count(name, steps: 200, parameters) == 0, "\(parameters)")
        }
    }

    @Test(
        "the layers of a batch that ran before take no memory, in any type, on any ranks",
        arguments: names
    )
    func passes(name: String) throws {
        for type in DataType.allCases {
            for ranks in [1, 2] {
                #expect(try countOfPasses(name, type, ranks: ranks) == 0, "\(type), \(ranks) ranks")
            }
        }
    }

    /// Allocations of two passes over texts that no token follows, the same having run once before.
    private func countOfPasses(_ name: String, _ type: DataType, ranks: Int) throws -> Int {
        let tally = Tally()
        let engine = try engine(name, type, ranks: ranks, tally)
        let texts = try Golden.lines(name, as: Golden.Text.self).map(\.ids)
        let failures = Atomic(0)
        engine.perform { evaluator in
            let segments = texts.prefix(8).map {
                Segment(tokens: $0, wanted: $0.count - 1..<$0.count, cache: nil)
            }
            for round in 0..<3 {
                ca_open(tally.handle, round > 0)
                do throws(PassFailure) {
                    try evaluator.forward(segments)
                } catch {
                    failures.add(1, ordering: .relaxed)
                }
            }
            ca_open(tally.handle, false)
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        return tally.count
    }

    @Test("a batch takes its lists and, for each text, its answer and the list of its rows")
    func work() throws {
        let tally = Tally()
        let engine = try engine("causal-moe", ranks: 2, tally)
        let texts = try Golden.lines("causal-moe", as: Golden.Text.self).map(\.ids)
        for task in [PassTask.embedding(.last), .embedding(.mean), .logProbabilities] {
            for batch in [4, 8] {
                let work = PassWork(texts: Array(texts.prefix(batch)), task: task) { _ in }
                let before = tally.count
                engine.perform { evaluator in
                    for round in 0..<2 {
                        ca_open(tally.handle, round > 0)
                        do throws(EngineError) {
                            try work.run(evaluator)
                        } catch {
                            Issue.record("\(error)")
                        }
                    }
                    ca_open(tally.handle, false)
                }
                #expect(tally.count - before <= 4 + 2 * batch, "\(task)")
            }
        }
    }
}
