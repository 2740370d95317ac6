import TestSupport
import Testing

@testable import Doge

/// One thread, replicas, ranks, more ranks than heads, and both.
let layouts: [EngineLayout] = [(1, 1), (2, 1), (1, 2), (1, 3), (2, 2)].map { replicas, ranks in
    EngineLayout(replicas: replicas, ranks: ranks)
}

/// Goal: an answer is a function of its own tokens, to the last bit.
///
/// Method: the golden records of a checkpoint alone, together, in other orders, repeated, and in
/// other layouts of threads, in each type of numbers.
@Suite("Answers do not depend on company") struct BatchInvarianceTests {
    private static func bits(_ logits: [[Float]]) -> [[UInt32]] {
        logits.map { $0.map(\.bitPattern) }
    }

    @Test(
        "a sequence has the same bits alone and in any batch",
        arguments: Golden.names,
        DataType.allCases
    )
    func alone(name: String, type: DataType) throws {
        let sequences = try Golden.records(name).map(\.ids)
        let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
        let classifier = try Engine(model: model, threads: 1)
        let together = Self.bits(try classifier.logits(of: sequences))
        for (index, sequence) in sequences.enumerated() {
            let alone = Self.bits(try classifier.logits(of: [sequence]))
            #expect(alone[0] == together[index], "record \(index) of \(sequence.count) tokens")
        }
    }

    @Test(
        "order, neighbours and the layout of threads change no bit",
        arguments: Golden.names,
        DataType.allCases
    )
    func orders(name: String, type: DataType) throws {
        let sequences = try Golden.records(name).map(\.ids)
        let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
        let expected = Self.bits(try Engine(model: model, threads: 1).logits(of: sequences))
        var generator = SplitMix(state: 1)
        for layout in layouts {
            let classifier = try Engine(model: model, layout: layout)
            let order = Array(sequences.indices).shuffled(using: &generator)
            let answers = Self.bits(try classifier.logits(of: order.map { sequences[$0] }))
            for (answer, index) in zip(answers, order) {
                #expect(answer == expected[index], "record \(index), \(layout)")
            }
        }
    }

    @Test(
        "prefixes of every length to 70 have the same bits alone and together",
        arguments: DataType.allCases
    )
    func lengths(type: DataType) throws {
        for name in ["moe", "grouped"] {
            let model = try DogeModel(directory: Golden.checkpoint(name), dataType: type)
            let classifier = try Engine(model: model, threads: 2)
            let longest = try Golden.records(name).map(\.ids).max { $0.count < $1.count } ?? []
            let sequences = (1...70).map { Array(longest.prefix($0)) }
            let together = Self.bits(try classifier.logits(of: sequences))
            let alone = try sequences.map { try Self.bits(classifier.logits(of: [$0]))[0] }
            #expect(together == alone)
        }
    }
}
