import TestSupport
import Testing

@testable import Doge

@Suite("The keys that a window chooses from") struct KeptKeysTests {
    /// The same by sorting: dt, position and slot of each key.
    private struct Plain {
        var keys: [(dt: Float, position: Int, slot: Int32)] = []

        mutating func sort() { keys.sort { ($0.dt, $0.position) < ($1.dt, $1.position) } }
        var slots: [Int32] { keys.map(\.slot) }
    }

    private static let levels: [Float] = [
        0, .leastNonzeroMagnitude, 1e-30, 0.5, Float(0.5).nextUp, 1, 2, 1e30, .infinity,
    ]

    @Test("coming and going keeps them in the order of dt, the older first among equals")
    func order() {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SplitMix(state: seed)
            let levels = Self.levels.prefix(1 + Int(seed) % Self.levels.count)
            var kept = KeptKeys()
            var plain = Plain()
            for position in 0..<200 {
                let dt = levels.randomElement(using: &generator) ?? 0
                let slot = Int32.random(in: 0...1_000, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0 where !plain.keys.isEmpty:
                    let gone = plain.keys.remove(
                        at: .random(in: plain.keys.indices, using: &generator)
                    )
                    kept.remove(gone.dt, position: gone.position)
                case 1:
                    let least = plain.keys.first
                    let isKept = least.map { (dt, position) > ($0.dt, $0.position) } ?? false
                    #expect(
                        kept.replaceLeast(dt, position: position) == (isKept ? least?.slot : nil)
                    )
                    guard isKept, let least else { break }
                    plain.keys[0] = (dt, position, least.slot)
                default:
                    kept.insert(dt, position: position, slot: slot)
                    plain.keys.append((dt, position, slot))
                }
                plain.sort()
                #expect(kept.count == plain.keys.count)
                #expect(kept.slots == plain.slots, "seed \(seed), position \(position)")
            }
        }
    }

    @Test("a choice takes the best, the latest among equals, and tells each its place")
    func choice() {
        for seed in 0..<60 as Range<UInt64> {
            var generator = SplitMix(state: seed)
            let levels = Self.levels.prefix(1 + Int(seed) % Self.levels.count)
            let first = Int.random(in: 0...50, using: &generator)
            let end = first + Int.random(in: 1...130, using: &generator)
            let limit = Int.random(in: 1...140, using: &generator)
            let dt = (0..<end).map { _ in levels.randomElement(using: &generator) ?? 0 }
            var kept = KeptKeys()
            kept.insert(3, position: 7, slot: 9)
            kept.choose(
                from: first..<end,
                limit: limit,
                dt: { dt[$0] },
                slot: { Int32(1_000 * $0 + $1) }
            )
            let chosen = (0..<kept.count).map { kept.position(at: $0) }
            let sorted = (first..<end).sorted { (dt[$0], $0) < (dt[$1], $1) }
            #expect(chosen == Array(sorted.suffix(limit)), "seed \(seed)")
            #expect(kept.slots == chosen.enumerated().map { Int32(1_000 * $0 + $1) })
        }
    }
}
