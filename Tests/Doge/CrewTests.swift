import Synchronization
import TestSupport
import Testing

@testable import Doge

@Suite("The ranks of a replica", .timeLimit(.minutes(1))) struct CrewTests {
    @Test("each rank does each work once, and is done when the call returns", arguments: [1, 2, 3])
    func work(ranks: Int) async throws {
        try await onThread {
            let crew = try Crew(count: ranks)
            var wrong = 0
            for round in 0..<300 {
                // A stop of the whole program, not a failure, where a rank keeps the work too long.
                let sum = Atomic(0)
                crew.run { rank in sum.wrappingAdd(round + rank.number, ordering: .relaxed) }
                let numbers = ranks * (ranks - 1) / 2
                if sum.load(ordering: .relaxed) != ranks * round + numbers { wrong += 1 }
            }
            #expect(wrong == 0)
        }
    }
}
