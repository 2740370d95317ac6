import TestSupport
import Testing
import Wire

/// Goal: no frame can make the reader trap, and no two frames mean the same message.
///
/// Method: valid frames with a few random changes; what is still read must encode to the same
/// bytes.
@Suite("Mutated frames", .timeLimit(.minutes(10))) struct MutationTests {
    /// Where the fixed fields of a header end.
    private static let fieldsOffset = 56

    @Test("a mutated frame is refused, or is the one spelling of what it says")
    func mutation() throws {
        let taken =
            try mutate(WorkerMessage.self, seed: 1, count: 50_000)
            + mutate(CoordinatorMessage.self, seed: 2, count: 50_000)
        #expect(taken > 5_000, "mutations must also reach the fields behind the checks")
    }

    private func mutate<Message: CodedMessage>(
        _ type: Message.Type,
        seed: UInt64,
        count: Int
    ) throws -> Int {
        var random = SplitMix(state: seed)
        let originals = type.smallFrames
        var taken = 0
        for round in 0..<count {
            var frames = originals[round % originals.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                if Int.random(in: 0..<8, using: &random) == 0 {
                    Self.change(&frames.payload, from: 0, &random)
                } else {
                    let isDeep = Bool.random(using: &random)
                    Self.change(&frames.header, from: isDeep ? Self.fieldsOffset : 0, &random)
                }
            }
            guard let (envelope, message) = try? type.decode(frames) else { continue }
            taken += 1
            let isSame = message.encode(envelope) == frames
            try #require(isSame, "seed \(seed), round \(round)")
        }
        return taken
    }

    /// Flips, replaces, removes, repeats or adds bytes.
    private static func change(
        _ bytes: inout [UInt8],
        from start: Int,
        _ random: inout SplitMix
    ) {
        guard start < bytes.count else {
            bytes.append(.random(in: 0...255, using: &random))
            return
        }
        let place = Int.random(in: start..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...9, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 4: bytes[place] = .random(in: 0...255, using: &random)
        default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }
}
