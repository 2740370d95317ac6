import TestSupport
import Testing

@testable import Doge

/// Goal: an answer is a function of its own tokens, to the last bit.
///
/// Method: the golden records of a checkpoint alone, together, in other orders, repeated, and on
/// teams of other sizes.
@Suite("Answers do not depend on company") struct BatchInvarianceTests {
    private static func bits(_ logits: [[Float]]) -> [[UInt32]] {
        logits.map { $0.map(\.bitPattern) }
    }

    @Test("a sequence has the same bits alone and in any batch", arguments: Golden.names)
    func alone(name: String) throws {
        let sequences = try Golden.records(name).map(\.ids)
        let model = try DogeModel(directory: Golden.checkpoint(name))
        let classifier = try Engine(model: model, threads: 1)
        let together = Self.bits(try classifier.logits(of: sequences))
        for (index, sequence) in sequences.enumerated() {
            let alone = Self.bits(try classifier.logits(of: [sequence]))
            #expect(alone[0] == together[index], "record \(index) of \(sequence.count) tokens")
        }
    }

    @Test("order, neighbours and the number of threads change no bit", arguments: Golden.names)
    func orders(name: String) throws {
        let sequences = try Golden.records(name).map(\.ids)
        let model = try DogeModel(directory: Golden.checkpoint(name))
        let expected = Self.bits(try Engine(model: model, threads: 1).logits(of: sequences))
        for threads in 1...3 {
            let classifier = try Engine(model: model, threads: threads)
            var order = Array(sequences.indices) + Array(sequences.indices.reversed())
            var generator = SplitMix(state: UInt64(threads))
            for _ in 0..<3 {
                order.shuffle(using: &generator)
                let answers = Self.bits(try classifier.logits(of: order.map { sequences[$0] }))
                #expect(answers == order.map { expected[$0] })
            }
        }
    }

    @Test("prefixes of every length to 70 have the same bits alone and together")
    func lengths() throws {
        let model = try DogeModel(directory: Golden.checkpoint("moe"))
        let classifier = try Engine(model: model, threads: 2)
        let longest = try Golden.records("moe").map(\.ids).max { $0.count < $1.count } ?? []
        let sequences = (1...70).map { Array(longest.prefix($0)) }
        let together = Self.bits(try classifier.logits(of: sequences))
        let alone = try sequences.map { try Self.bits(classifier.logits(of: [$0]))[0] }
        #expect(together == alone)
    }
}
