import TestSupport

/// Changes inputs at random, knowing a little of their format; the same seed, the same changes.
package struct Mutator {
    private var random: SplitMix
    private let dictionary: [[UInt8]]
    private let byteCountMax: Int

    private static let numbers = [
        "0", "-1", "1", "255", "65536", "2147483647", "2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "1e308", "1e400", "-0.0", "0.1", "1048576", "1048577",
    ].map { Array($0.utf8) }

    /// A mutator for the inputs of a target.
    package init(_ target: FuzzTarget, seed: UInt64) {
        random = SplitMix(state: seed)
        dictionary = target.dictionary.map { Array($0.utf8) }
        byteCountMax = target.byteCountMax
    }

    /// One of `inputs` with one to five changes, of which some take parts of the others.
    package mutating func next(from inputs: [[UInt8]]) -> [UInt8] {
        var input = inputs.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            change(&input, other: inputs.randomElement(using: &random) ?? [])
        }
        return Array(input.prefix(byteCountMax))
    }

    private mutating func change(_ input: inout [UInt8], other: [UInt8]) {
        let place = below(input.count + 1)
        let length = min(input.count - place, below(4) == 0 ? below(256) : 1 + below(9))
        switch below(12) {
        case 0: input.insert(.random(in: 0...255, using: &random), at: place)
        case 1: input.removeSubrange(place..<place + length)
        case 2: repeatPart(&input, place..<place + length)
        case 3 where below(4) == 0: input.removeSubrange(place...)
        case 4: input.replaceSubrange(place..<place + length, with: part(of: other))
        case 5, 6: insert(dictionary.randomElement(using: &random) ?? [], &input, place, length)
        case 7, 8: replaceNumber(&input, from: place)
        case 9: replaceValue(&input, from: place)
        case 10: writeInteger(&input, at: place)
        default: if place < input.count { input[place] ^= 1 << UInt8(below(8)) }
        }
    }

    private mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int.random(in: 0..<bound, using: &random) : 0
    }

    private mutating func part(of other: [UInt8]) -> ArraySlice<UInt8> {
        let start = below(other.count + 1)
        return other[start..<min(other.count, start + 1 + below(64))]
    }

    private mutating func repeatPart(_ input: inout [UInt8], _ range: Range<Int>) {
        let part = Array(input[range])
        let times = below(8) == 0 ? below(64) : 1
        guard input.count + times * part.count <= 2 * byteCountMax else { return }
        for _ in 0..<times { input.insert(contentsOf: part, at: range.upperBound) }
    }

    private mutating func insert(
        _ word: [UInt8],
        _ input: inout [UInt8],
        _ place: Int,
        _ length: Int
    ) {
        let isReplacing = below(2) == 0
        input.replaceSubrange(place..<place + (isReplacing ? length : 0), with: word)
    }

    /// Puts a telling number in place of the next one, as text.
    private mutating func replaceNumber(_ input: inout [UInt8], from place: Int) {
        guard let start = input[place...].firstIndex(where: Self.isDigit) else { return }
        let end = input[start...].firstIndex { !Self.isDigit($0) } ?? input.count
        input.replaceSubrange(start..<end, with: Self.numbers.randomElement(using: &random) ?? [])
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Exchanges the next JSON value for another one, drops it, nests it or names it twice.
    private mutating func replaceValue(_ input: inout [UInt8], from place: Int) {
        let opening = Array("{[\"".utf8)
        guard let start = input[place...].firstIndex(where: opening.contains) else { return }
        let range = start..<Self.valueEnd(input, from: start)
        guard range.count <= byteCountMax else { return }
        switch below(4) {
        case 0:
            let again = below(input.count + 1)
            let next = input[again...].firstIndex(where: opening.contains) ?? start
            let value = Array(input[next..<Self.valueEnd(input, from: next)])
            input.replaceSubrange(range, with: value)
        case 1:
            let depth = 1 + below(40)
            input.insert(
                contentsOf: [UInt8](repeating: UInt8(ascii: "]"), count: depth),
                at: range.upperBound
            )
            input.insert(contentsOf: [UInt8](repeating: UInt8(ascii: "["), count: depth), at: start)
        case 2: input.insert(contentsOf: [UInt8(ascii: ",")] + input[range], at: range.upperBound)
        default: input.replaceSubrange(range, with: dictionary.randomElement(using: &random) ?? [])
        }
    }

    /// Where a string, list or object ends that begins at `start`.
    ///
    /// Brackets in strings do not count.
    private static func valueEnd(_ input: [UInt8], from start: Int) -> Int {
        var (place, depth, isText) = (start, 0, false)
        while place < input.count {
            switch input[place] {
            case UInt8(ascii: "\\") where isText: place += 1
            case UInt8(ascii: "\""): isText.toggle()
            case UInt8(ascii: "{") where !isText, UInt8(ascii: "[") where !isText: depth += 1
            case UInt8(ascii: "}") where !isText, UInt8(ascii: "]") where !isText: depth -= 1
            default: break
            }
            place += 1
            if depth <= 0, !isText { break }
        }
        return min(place, input.count)
    }

    /// Puts a telling number at a place, in binary.
    private mutating func writeInteger(_ input: inout [UInt8], at place: Int) {
        let values: [UInt64] = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 1 << 31, 1 << 63, .max]
        let value = values.randomElement(using: &random) ?? 0
        let size = min([1, 2, 4, 8].randomElement(using: &random) ?? 1, input.count - place)
        for index in 0..<size {
            input[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }
}
