import Synchronization
import Testing

@testable import Doge

@Suite("The engine's own rules") struct EngineTests {
    private func classifier(
        _ extra: String = "",
        threads: Int = 2
    ) throws -> Engine {
        var model = TinyModel()
        model.configuration += extra
        return try model.withFolder { directory in
            try Engine(model: DogeModel(directory: directory), threads: threads)
        }
    }

    @Test("an empty sequence and an unknown token are named")
    func invalid() throws {
        let classifier = try classifier()
        #expect(throws: EngineError.emptySequence(index: 1)) {
            try classifier.logits(of: [[1], [], [2]])
        }
        for token: Int32 in [20, -1, .max, .min] {
            let error = EngineError.unknownToken(
                index: 2,
                position: 1,
                token: token,
                vocabularySize: 20
            )
            #expect(throws: error) { try classifier.logits(of: [[1], [1], [2, token]]) }
        }
        #expect(try classifier.logits(of: []).isEmpty)
        #expect(try classifier.logits(of: [[19]]).count == 1)
    }

    @Test("completion is told once for every sequence")
    func completion() throws {
        let classifier = try classifier(threads: 3)
        let seen = Mutex<[Int]>([])
        let sequences = (0..<300).map { [Int32]((0...Int32($0 % 40)).map { $0 % 20 }) }
        _ = try classifier.logits(of: sequences) { index in seen.withLock { $0.append(index) } }
        #expect(seen.withLock { $0 }.sorted() == Array(0..<300))
    }

    @Test("the scored position is the rightmost that is no padding")
    func padding() throws {
        let plain = try classifier()
        let padded = try classifier(", \"pad_token_id\": 2, \"router_layout\": \"per_token\"")
        let perToken = try classifier(", \"router_layout\": \"per_token\"")
        // With a router that reads each token's own numbers the pass is causal.
        let answers = try padded.logits(of: [[5, 7, 2, 2], [2, 5, 2, 7], [2, 2]])
        let expected = try perToken.logits(of: [[5, 7], [2, 5, 2, 7], [2]])
        for (answer, expected) in zip(answers.joined(), expected.joined()) {
            #expect(abs(answer - expected) < 1e-5)
        }
        #expect(try plain.logits(of: [[5, 7, 2, 2]]) != perToken.logits(of: [[5, 7, 2, 2]]))
    }

    @Test("probabilities follow the problem type")
    func probabilities() throws {
        let single = try classifier().probabilities(fromLogits: [1, 1])
        #expect(single == [0.5, 0.5])
        #expect(try classifier().probabilities(fromLogits: [200, -200]) == [1, 0])
        let multi = try classifier(", \"problem_type\": \"multi_label_classification\"")
        #expect(multi.probabilities(fromLogits: [0, -200, 200]) == [0.5, 0, 1])
        let raw = try classifier(", \"problem_type\": \"regression\"")
        #expect(raw.probabilities(fromLogits: [3, -4]) == [3, -4])
    }

    @Test("calls from many threads take turns and get their own answers")
    func concurrency() async throws {
        let classifier = try classifier()
        let sequences = (1...8).map { count in (0..<count).map { Int32($0) } }
        let expected = try classifier.logits(of: sequences)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for (index, sequence) in sequences.enumerated() {
                group.addTask { try classifier.logits(of: [sequence])[0] == expected[index] }
            }
            for try await same in group { #expect(same) }
        }
    }
}
