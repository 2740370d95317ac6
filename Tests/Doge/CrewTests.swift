import Synchronization
import TestSupport
import Testing

@testable import Doge

@Suite("The ranks of a replica", .timeLimit(.minutes(10))) struct CrewTests {
    @Test("each rank does each work once, and is done when the call returns", arguments: [1, 2, 3])
    func work(ranks: Int) async throws {
        try await onThread {
            let crew = try Crew(count: ranks)
            var wrong = 0
            for round in 0..<300 {
                let work = Adding(round)
                crew.run(work)
                let numbers = ranks * (ranks - 1) / 2
                if work.sum.load(ordering: .relaxed) != ranks * round + numbers { wrong += 1 }
            }
            #expect(wrong == 0)
        }
    }

    /// Adds the numbers of all ranks.
    private final class Adding: RankWork {
        let sum = Atomic(0)
        private let round: Int

        init(_ round: Int) { self.round = round }

        func run(_ rank: Rank) { sum.wrappingAdd(round + rank.number, ordering: .relaxed) }
    }
}
