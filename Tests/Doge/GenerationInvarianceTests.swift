import CDogeKernels
import TestSupport
import Testing

@testable import Doge

/// Goal: an answer is a function of its own text and wish, to the last bit.
///
/// Method: texts alone, then together in many orders, joining half-way, in several layouts of
/// threads, with little room, and beside neighbours that go, in each type of numbers.
@Suite("Generated answers do not depend on company") struct GenerationInvarianceTests {
    static let names = [
        "causal", "causal-dynamic", "causal-moe", "causal-per-token", "causal-sliding-window",
        "causal-window",
    ]
    static let types = DataType.allCases

    /// Greedy, sampled, three samples with all filters, and given texts, of each golden prompt.
    static func wishes(_ name: String) throws -> [Wish] {
        let records = try Golden.lines("generation/\(name)", as: Golden.Continuation.self)
        return records.enumerated().flatMap { index, record -> [Wish] in
            let prompt = record.ids
            var sampled = GenerationTask.Choosing(tokensMax: 3 + index * 11 % 30)
            sampled.parameters.temperature = 1
            sampled.alternatives = 1
            sampled.seed = 5
            sampled.record = UInt64(index)
            var filtered = sampled
            filtered.samples = 3
            filtered.tokensMax = 25
            filtered.parameters.temperature = 1.3
            filtered.parameters.topK = 40
            filtered.parameters.topP = 0.95
            filtered.parameters.minP = 0.01
            filtered.parameters.repetitionPenalty = 1.2
            filtered.endTokens = Set(0..<100)
            let given = [Array(record.tokens.prefix(30)), Array(record.tokens.suffix(2))]
            return [
                .greedy(prompt, 28), Wish(prompt, .chosen(sampled)),
                Wish(prompt, .chosen(filtered)), Wish(prompt, .given(given)),
            ]
        }
    }

    /// The least room in which every wish can be had.
    static func leastCache(_ c: DogeConfiguration, _ wishes: [Wish]) -> Int {
        let pages = wishes.map { wish in
            let task = wish.task()
            return task.sampleCount * CachedSequence.pageCount(c, tokens: task.tokensMax)
        }
        return (pages.max() ?? 0) * PagePool.pageBytes(c, CK_F32)
    }

    @Test(
        "order, neighbours, threads and room change no bit of an answer",
        arguments: names,
        types
    )
    func company(name: String, type: DataType) throws {
        let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
        let wishes = try Self.wishes(name)
        let single = try Engine(model: model, threads: 1)
        let alone = try wishes.map { try single.alone($0) }
        #expect(alone.allSatisfy { $0.isComplete })
        let expected = alone.map(\.bits)
        let ends = alone.map { $0.answers.map(\.end) }
        let little = Self.leastCache(model.configuration, wishes)
        var generator = SplitMix(state: 3)
        // Ranks beyond the processor's cores wait for each other in every step: each case takes one
        // of their layouts, so that every checkpoint and every type meets them all.
        let crews = layouts.filter { $0.ranks > 1 }
        let turn = (Self.names.firstIndex(of: name) ?? 0) + (Self.types.firstIndex(of: type) ?? 0)
        let plain = layouts.filter { $0.ranks == 1 }
        for (number, layout) in (plain + plain + [crews[turn % crews.count]]).enumerated() {
            let isTight = number >= plain.count
            let bytes = isTight ? little : Engine.cacheBytesDefault
            let engine = try Engine(model: model, layout: layout, cacheBytes: bytes)
            let order = Array(wishes.indices).filter { layout.ranks == 1 || $0 % 5 == number }
                .shuffled(using: &generator)
            let tasks = order.map { wishes[$0].task() }
            try engine.generate(from: Trickle(tasks, step: 1 + number % 3 * 2))
            for (task, index) in zip(tasks, order) {
                #expect(task.witness.isComplete)
                #expect(task.witness.bits == expected[index], "wish \(index), \(layout)")
                #expect(task.witness.answers.map(\.end) == ends[index])
            }
            #expect(engine.pagesLeft == 0)
        }
    }

    @Test(
        "neighbours that go in the middle change no bit of an answer",
        arguments: names,
        types
    )
    func departures(name: String, type: DataType) throws {
        let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
        let wishes = try Self.wishes(name)
        let engine = try Engine(model: model, threads: 2)
        let expected = try wishes.map { try engine.alone($0).bits }
        var generator = SplitMix(state: 9)
        for room in [Self.leastCache(model.configuration, wishes), Engine.cacheBytesDefault] {
            let engine = try Engine(model: model, threads: 2, cacheBytes: room)
            let order = Array(wishes.indices).shuffled(using: &generator)
            let tasks = order.map { index in
                let leaves = index % 2 == 0 ? Int.random(in: 0...9, using: &generator) : .max
                return wishes[index].task(leavesAfter: leaves)
            }
            try engine.generate(from: Trickle(tasks, step: 2))
            for (task, index) in zip(tasks, order) {
                let witness = task.witness
                #expect(witness.late == 0 && witness.failures.isEmpty)
                if index % 2 == 1 {
                    #expect(witness.isComplete && witness.bits == expected[index], "wish \(index)")
                } else {
                    for (got, whole) in zip(witness.bits, expected[index]) {
                        #expect(whole.starts(with: got), "wish \(index)")
                    }
                }
            }
            #expect(engine.pagesLeft == 0)
        }
    }

    @Test("a sample is the same whatever the number of samples", arguments: names)
    func samples(name: String) throws {
        let model = try DogeModel(directory: Golden.checkpoint(name))
        let engine = try Engine(model: model, threads: 1)
        for (index, record) in try Golden.lines("generation/\(name)", as: Golden.Continuation.self)
            .enumerated().filter({ $0.offset % 3 == 2 })
        {
            var choosing = GenerationTask.Choosing(tokensMax: 40)
            choosing.parameters.temperature = 1
            choosing.alternatives = 1
            choosing.record = UInt64(index)
            func bits(_ samples: Int, seed: UInt64 = 1) throws -> [[UInt32]] {
                choosing.samples = samples
                choosing.seed = seed
                return try engine.alone(Wish(record.ids, .chosen(choosing))).bits
            }
            let five = try bits(5)
            #expect(Set(five).count == 5, "samples differ")
            for count in 1...4 {
                let some = try bits(count)
                #expect(some == Array(five.prefix(count)))
            }
            let again = try bits(5)
            #expect(again == five)
            let reseeded = try bits(5, seed: 2)
            #expect(reseeded.allSatisfy { !five.contains($0) }, "seeds differ")
            choosing.record += 1
            let next = try bits(5)
            #expect(next.allSatisfy { !five.contains($0) }, "records differ")
        }
    }

    @Test(
        "states and log-probabilities have the same bits in any batch",
        arguments: names,
        types
    )
    func passes(name: String, type: DataType) throws {
        let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
        let texts = try Golden.lines(name, as: Golden.Text.self).map(\.ids)
        typealias Pass = (Engine, [[Int32]]) throws -> [[Float]]
        let passes: [Pass] = [
            { try $0.embeddings(of: $1, pooling: .last) },
            { try $0.embeddings(of: $1, pooling: .mean) },
            { try $0.logProbabilities(of: $1) },
        ]
        let single = try Engine(model: model, threads: 1)
        var generator = SplitMix(state: 1)
        for (number, pass) in passes.enumerated() {
            let expected = try texts.map { try pass(single, [$0])[0].map(\.bitPattern) }
            for layout in layouts {
                let engine = try Engine(model: model, layout: layout)
                let order = (Array(texts.indices) + texts.indices).shuffled(using: &generator)
                let got = try pass(engine, order.map { texts[$0] })
                for (got, index) in zip(got, order) {
                    #expect(got.map(\.bitPattern) == expected[index], "pass \(number), \(index)")
                }
            }
        }
    }

    @Test("texts of one token have states and no log-probabilities, alone and together")
    func single() throws {
        let model = try DogeModel(directory: Golden.checkpoint("causal-moe"))
        let engine = try Engine(model: model, threads: 2)
        #expect(try engine.logProbabilities(of: [[5]]) == [[]])
        #expect(try engine.logProbabilities(of: [[5], [6], [5, 6]]).map(\.count) == [0, 0, 1])
        let last = try engine.embeddings(of: [[5], [6]], pooling: .last)
        #expect(try engine.embeddings(of: [[5], [6]], pooling: .mean) == last)
        #expect(last[0] != last[1])
    }
}
