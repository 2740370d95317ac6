import TestSupport

/// Lines that random changes were made to.
struct LineMutator {
    var random: SplitMix
    static let seeds: [[UInt8]] = [
        #"{"id": 17, "text": "plain words", "n": 1}"#,
        #"{"text":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t","id":"a\u0062"}"#,
        #"{"id":[1,2.5e-3,{"a":null}],"text":"é€😀","k":{"text":"inner"}}"#,
        #" { "text" : "" , "id" : -0.0 , "t" : true , "f" : false , "z" : null } "#,
        #"{"\u0074ext":"escaped name","id":1e400,"a":[[[[[]]]]],"b":{"c":{"d":{}}}}"#,
        #"{"id":12345678901234567890,"text":"x","text":"y"}"#,
        "\u{FEFF}{\"text\":\"marked\"}\r",
        "{}", "[]", "",
    ].map { Array($0.utf8) }
    /// Bytes that mean something to JSON or to UTF-8.
    private static let telling =
        Array("{}[]\",:\\/bfnrtu0123456789+-.eE \t\r\ntruefalsnl".utf8)
        + [
            0x00, 0x1F, 0x7F, 0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xA0, 0xEF, 0xBB, 0xF0, 0xF4,
            0xFF,
        ]

    /// The next line: a valid one with up to five changes.
    mutating func next() -> [UInt8] {
        var line = pick(Self.seeds) ?? []
        for _ in 0..<Int.random(in: 0...5, using: &random) { change(&line) }
        return line
    }

    private mutating func change(_ line: inout [UInt8]) {
        let place = Int.random(in: 0...line.count, using: &random)
        let end = Int.random(in: place...min(place + 8, line.count), using: &random)
        let byte = pick(Self.telling) ?? 0
        switch Int.random(in: 0..<7, using: &random) {
        case 0: line.insert(byte, at: place)
        case 1: line.removeSubrange(place..<end)
        case 2: line.insert(contentsOf: line[place..<end], at: place)
        case 3 where place < line.count: line[place] = byte
        case 4 where place < line.count: line[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 5:
            let other = pick(Self.seeds) ?? []
            let start = Int.random(in: 0...other.count, using: &random)
            line.insert(contentsOf: other[start..<min(start + 10, other.count)], at: place)
        default:
            if Int.random(in: 0..<4, using: &random) == 0 { line.removeSubrange(place...) }
        }
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.randomElement(using: &random)
    }
}
