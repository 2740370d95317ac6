import TestSupport
import Testing
import Tokenization

@Suite("Ending a text at a stop string") struct StopStringsTests {
    private func matcher(_ stops: [String]) throws -> StopStrings {
        try StopStrings(stops.map { Array($0.utf8) })
    }

    /// What is shown for each piece, what at the end, and whether a stop string was found.
    private func run(
        _ stops: [String],
        _ pieces: [String]
    ) throws -> (shown: [String], rest: String, isComplete: Bool) {
        var matcher = try matcher(stops)
        let shown = pieces.map { matcher.append($0) }
        return (shown, matcher.finish(), matcher.isComplete)
    }

    @Test(
        "the text ends before the stop string, wherever the pieces end",
        arguments: [
            ["one", " two", " END", " three"], ["one two END three"],
            ["one two E", "N", "D three"],
            ["one two ", "", "END"], ["one two", " ", "E", "", "ND", "END"],
        ]
    )
    func pieces(_ pieces: [String]) throws {
        let result = try run(["END"], pieces)
        #expect(result.shown.joined() == "one two ")
        #expect(result.rest == "")
        #expect(result.isComplete)
    }

    @Test("what could begin a stop string is held back, and shown once it cannot")
    func heldBack() throws {
        let result = try run(["\n\nUser:"], ["Hi", "!\n", "\n", "\nUse", "less", "\n\nU"])
        #expect(result.shown == ["Hi", "!", "", "\n", "\n\nUseless", ""])
        #expect(result.rest == "\n\nU")
        #expect(!result.isComplete)
    }

    @Test("a stop string that begins inside of a failed one is found")
    func overlaps() throws {
        let nested = try run(["abcabd", "bcx"], ["abcab", "cabd", "!"])
        #expect(nested.shown == ["", "abc", ""])
        #expect(nested.isComplete)
        let inner = try run(["abcd", "bc"], ["a", "b", "c", "d"])
        #expect(inner.shown == ["", "", "a", ""])
        #expect(inner.isComplete)
    }

    @Test(
        "of stop strings that one piece completes the one that begins first counts",
        arguments: [
            (["c", "abcd"], ["xabcd"], "x"),
            (["abcd", "c"], ["xabcd"], "x"),
            // Here the shorter one is complete a piece earlier.
            (["c", "abcd"], ["xabc", "d"], "xab"),
            (["ab", "abcd"], ["xabcd"], "x"),
            (["b", "a"], ["xab"], "x"),
        ]
    )
    func earliest(stops: [String], pieces: [String], text: String) throws {
        let result = try run(stops, pieces)
        #expect(result.shown.joined() + result.rest == text)
        #expect(result.isComplete)
    }

    @Test("bytes count, not what looks alike, and no character is cut") func bytes() throws {
        let accented = try run(["e\u{301}"], ["caf\u{E9} cafe", "\u{301}!"])
        #expect(accented.shown == ["caf\u{E9} caf", ""])
        #expect(accented.isComplete)
        // è and é have their first byte in common.
        let neighbours = try run(["é"], ["è", "è", "é"])
        #expect(neighbours.shown == ["è", "è", ""])
        // A stop string may end inside of what Swift counts as one character.
        let flag = try run(["👍"], ["ok 👍🏽"])
        #expect(flag.shown == ["ok "])
    }

    @Test("with no stop strings every piece passes at once") func none() throws {
        let result = try run([], ["a", "", "b"])
        #expect(result.shown == ["a", "", "b"])
        #expect(!result.isComplete)
    }

    @Test("an empty stop string is refused, and one that is not UTF-8") func refusals() {
        let empty = #expect(throws: StopStringsError.self) { _ = try matcher(["a", ""]) }
        #expect(empty == .empty(number: 1))
        #expect(empty?.description.contains("stop string 2 is empty") == true)
        let broken = #expect(throws: StopStringsError.self) { _ = try StopStrings([[0xC3]]) }
        #expect(broken == .notUTF8(number: 0))
    }

    @Test("it finds what searching anew with every piece finds")
    func likeSearching() throws {
        var random = SplitMix(state: 17)
        let letters = Array("aab é")
        func word(_ counts: ClosedRange<Int>) -> String {
            let count = Int.random(in: counts, using: &random)
            return String((0..<count).map { _ in letters[Int(random.next() % 5)] })
        }
        for _ in 0..<3_000 {
            let stops = (0..<Int.random(in: 1...4, using: &random)).map { _ in word(1...5) }
            let pieces = (0..<Int.random(in: 0...12, using: &random)).map { _ in word(0...4) }
            let expected = search(stops, pieces)
            let result = try run(stops, pieces)
            #expect(result.shown.joined() + result.rest == expected.text, "\(stops) \(pieces)")
            #expect(result.isComplete == expected.isComplete, "\(stops) \(pieces)")
            var matcher = try matcher(stops)
            var held = ""
            for piece in pieces {
                held += piece
                held.removeFirst(matcher.append(piece).count)
                guard !matcher.isComplete else { break }
                // Nothing is held back without need.
                #expect(held.isEmpty || stops.contains { $0.hasPrefix(held) }, "\(stops) \(pieces)")
            }
        }
    }

    private func search(_ stops: [String], _ pieces: [String]) -> (text: String, isComplete: Bool) {
        var text = ""
        for piece in pieces {
            text += piece
            let starts = stops.compactMap { text.firstRange(of: $0)?.lowerBound }
            if let start = starts.min() { return (String(text[..<start]), true) }
        }
        return (text, false)
    }

    @Test("a long stop string that almost stands everywhere takes linear time")
    func linear() throws {
        let stop = String(repeating: "a", count: 20_000)
        var matcher = try matcher([stop + "b"])
        var count = 0
        for _ in 0..<400_000 { count += matcher.append("a").utf8.count }
        #expect(count == 380_000)
        #expect(matcher.finish() == stop)
    }
}
