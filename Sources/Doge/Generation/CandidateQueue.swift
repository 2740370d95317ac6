/// A token that may be chosen.
struct TokenCandidate: Equatable {
    let token: Int32
    let logit: Float
}

/// Tokens that come out best first: the larger logit, of equals the lower id.
///
/// A heap of whole numbers that sort as the tokens do; its memory is kept.
struct CandidateQueue {
    private var keys: [UInt64] = []

    var count: Int { keys.count }

    /// Sets memory aside for so many tokens.
    mutating func reserve(_ count: Int) { keys.reserveCapacity(count) }

    /// Forgets all tokens.
    mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

    /// Adds a token; `order` must follow before one is taken.
    mutating func append(_ token: Int32, _ logit: Float) {
        // Minus zero becomes zero, which it equals.
        let bits = (logit + 0).bitPattern
        let rising = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        keys.append(UInt64(rising) << 32 | UInt64(~UInt32(bitPattern: token)))
    }

    /// Puts the tokens that were added in order.
    mutating func order() {
        var place = keys.count / 2
        while place > 0 {
            place -= 1
            sink(keys[place], from: place)
        }
    }

    /// Takes the best token out; nil where none is left.
    mutating func popBest() -> TokenCandidate? {
        guard let last = keys.popLast() else { return nil }
        guard let best = keys.first else { return Self.candidate(last) }
        sink(last, from: 0)
        return Self.candidate(best)
    }

    private static func candidate(_ key: UInt64) -> TokenCandidate {
        let rising = UInt32(key >> 32)
        let bits = rising >> 31 == 0 ? ~rising : rising & ~(1 << 31)
        return TokenCandidate(
            token: Int32(bitPattern: ~UInt32(truncatingIfNeeded: key)),
            logit: Float(bitPattern: bits)
        )
    }

    private mutating func sink(_ key: UInt64, from place: Int) {
        keys.withUnsafeMutableBufferPointer { $0.sink(key, from: place) }
    }
}

/// Heaps of whole numbers, the largest at the top.
extension UnsafeMutableBufferPointer<UInt64> {
    /// Puts a number where it belongs at a place or below.
    func sink(_ key: UInt64, from top: Int) {
        var place = top
        while true {
            var child = 2 * place + 1
            guard child < count else { break }
            if child + 1 < count, self[child + 1] > self[child] { child += 1 }
            guard self[child] > key else { break }
            self[place] = self[child]
            place = child
        }
        self[place] = key
    }

    /// Sorts ascending; unlike the library's, takes no memory.
    func sortInPlace() {
        for place in (0..<count / 2).reversed() { sink(self[place], from: place) }
        for end in (1..<Swift.max(1, count)).reversed() {
            let key = self[end]
            self[end] = self[0]
            UnsafeMutableBufferPointer(rebasing: self[..<end]).sink(key, from: 0)
        }
    }
}
