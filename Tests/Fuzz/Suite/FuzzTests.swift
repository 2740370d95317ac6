import TestFuzz
import Testing

/// Goal: bytes from outside never stop the program, and what is refused is refused in a sentence.
///
/// Method: all inputs that are kept, then a few thousand mutations of them. Tests/Fuzz/run goes on
/// for as long as one likes; what it finds is kept and read here from then on.
@Suite("Fuzzing", .serialized, .timeLimit(.minutes(10))) struct FuzzTests {
    @Test("inputs that are kept do no harm", arguments: FuzzTarget.all.map(\.name))
    func kept(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let inputs = FuzzFolder.kept(target)
        #expect(!inputs.isEmpty, "a target without a corpus is hardly tested")
        var taken = 0
        for input in inputs {
            let outcome = target.run(input)
            if case .wrong(let what) = outcome { Issue.record("\(what): \(input)") }
            if outcome == .taken { taken += 1 }
        }
        #expect(taken > 0, "a corpus holds what is read, too")
    }

    @Test("mutated inputs do no harm", arguments: FuzzTarget.all.map(\.name))
    func mutated(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let seeds = FuzzFolder.kept(target)
        var mutator = Mutator(target, seed: 1)
        for _ in 0..<target.testRuns {
            let input = mutator.next(from: seeds)
            if case .wrong(let what) = target.run(input) { Issue.record("\(what): \(input)") }
        }
    }
}
