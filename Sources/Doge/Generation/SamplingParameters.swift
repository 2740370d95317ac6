/// How a token is chosen; definitions and order are those of transformers' logits processors.
package struct SamplingParameters: Equatable, Sendable {
    /// What logits are divided by; 0 takes the best token always, and no filter counts.
    package var temperature: Float = 0
    /// Only so many best tokens stay, and those equal to the last of them; 0: no limit.
    package var topK = 0
    /// Only the best tokens stay whose better ones have less mass than this together.
    package var topP: Float = 1
    /// Only tokens stay that are at least so likely, as a share of the likeliest.
    package var minP: Float = 0
    /// What the logits of tokens that occurred are divided by, or multiplied with where negative.
    package var repetitionPenalty: Float = 1

    /// Greedy, without penalty.
    package init() {}
}

/// A stream of random numbers of one answer: the same for the same seed, record and sample.
///
/// Number t is a hash of the three and t, so that an answer depends on no neighbour and no restart.
struct RandomStream: Sendable {
    private let key: UInt64
    private var count: UInt64 = 0

    init(seed: UInt64, record: UInt64, sample: UInt64) {
        var key = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
        key = Self.mixed((key ^ record) &+ 0x9E37_79B9_7F4A_7C15)
        self.key = Self.mixed((key ^ sample) &+ 0x9E37_79B9_7F4A_7C15)
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    mutating func next() -> Double {
        count += 1
        return Double(Self.mixed(key &+ count &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
    }

    /// The finalizer of SplitMix64 (Steele, Lea and Flood): every bit of x moves half the result's.
    private static func mixed(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
