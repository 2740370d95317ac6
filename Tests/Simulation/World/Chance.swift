import TestSupport

/// The one source of all that a run draws.
struct Chance {
    private var random: SplitMix

    init(seed: UInt64) {
        random = SplitMix(state: seed &* 0x2545_F491_4F6C_DD1D ^ 0x9E6C_63D0_876A_9A47)
        _ = random.next()
    }

    mutating func bits() -> UInt64 { random.next() }

    /// From 0 to less than `count`, which is above 0.
    mutating func below(_ count: Int) -> Int {
        Int(truncatingIfNeeded: random.next() >> 33) % count
    }

    mutating func between(_ low: Int, _ high: Int) -> Int { low + below(high - low + 1) }

    /// From 0 to less than 1.
    mutating func share() -> Double { Double(random.next() >> 11) * 0x1p-53 }

    mutating func happens(_ probability: Double) -> Bool {
        probability > 0 && share() < probability
    }

    /// Nanoseconds between two spans, in milliseconds; small ones are as likely as large ones.
    mutating func time(_ low: Int, _ high: Int) -> Moment {
        let octaves = max(1, Int.bitWidth - (high / max(1, low)).leadingZeroBitCount)
        let top = min(high, max(1, low) << below(octaves + 1))
        let span = UInt64(max(1, top - low)) * .millisecond
        return UInt64(low) * .millisecond + random.next() % span
    }

    /// One of a list that is not empty.
    mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
}
