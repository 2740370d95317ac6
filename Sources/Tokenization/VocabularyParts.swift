/// The vocabulary and the merges of a tokenizer.json, and the file without them.
///
/// They are nearly all of a file, and a general decoder would make a string of each of their names.
struct VocabularyParts {
    /// Ids by the names of tokens, as the file spells them.
    private(set) var vocabulary = BytesTable()
    /// The names of all merges: left and right of each, one behind the other.
    private(set) var mergeNames: [UInt8] = []
    /// Where the two names of each merge end.
    private(set) var mergeEnds: [(left: Int, right: Int)] = []
    /// The file with an empty vocabulary and no merges; all else in it is still unread.
    private(set) var rest: [UInt8] = []

    private let path: String
    private var isCutTo = 0
    private var name: [UInt8] = []

    init(json: [UInt8], path: String) throws(TokenizerError) {
        self.path = path
        var scanner = try JSONScanner(json, path: path)
        if scanner.peek() == UInt8(ascii: "{") {
            try eachMember(&scanner) { (parts, key, scanner) throws(TokenizerError) in
                guard key == Array("model".utf8), scanner.peek() == UInt8(ascii: "{") else {
                    return try scanner.skipValue()
                }
                try parts.eachMember(&scanner) { (parts, key, scanner) throws(TokenizerError) in
                    try parts.takeModelPart(key, &scanner, json)
                }
            }
        }
        rest += json[isCutTo...]
    }

    /// The two names of a merge, and both as one.
    func merge(_ number: Int) -> (left: Range<Int>, right: Range<Int>, whole: Range<Int>) {
        let start = number == 0 ? 0 : mergeEnds[number - 1].right
        let (middle, end) = mergeEnds[number]
        return (start..<middle, middle..<end, start..<end)
    }

    /// Gives every member of an object its chance to read its value.
    private mutating func eachMember(
        _ scanner: inout JSONScanner,
        _ read: (inout Self, [UInt8], inout JSONScanner) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        try scanner.take(UInt8(ascii: "{"))
        var isFirst = true
        while try scanner.goesOn(until: UInt8(ascii: "}"), &isFirst) {
            var key: [UInt8] = []
            try scanner.string(into: &key)
            try scanner.take(UInt8(ascii: ":"))
            try read(&self, key, &scanner)
        }
    }

    /// Reads vocabulary or merges; where they are of another kind the decoder of the rest says so.
    private mutating func takeModelPart(
        _ key: [UInt8],
        _ scanner: inout JSONScanner,
        _ json: [UInt8]
    ) throws(TokenizerError) {
        switch (String(decoding: key, as: UTF8.self), scanner.peek()) {
        case ("vocab", UInt8(ascii: "{")):
            rest += json[isCutTo..<scanner.place] + Array("{}".utf8)
            vocabulary = BytesTable()
            try readVocabulary(&scanner)
            isCutTo = scanner.place
        case ("merges", UInt8(ascii: "[")):
            rest += json[isCutTo..<scanner.place] + Array("[]".utf8)
            (mergeNames, mergeEnds) = ([], [])
            try readMerges(&scanner)
            isCutTo = scanner.place
        default: try scanner.skipValue()
        }
    }

    private mutating func readVocabulary(_ scanner: inout JSONScanner) throws(TokenizerError) {
        try scanner.take(UInt8(ascii: "{"))
        var isFirst = true
        while try scanner.goesOn(until: UInt8(ascii: "}"), &isFirst) {
            name.removeAll(keepingCapacity: true)
            try scanner.string(into: &name)
            try scanner.take(UInt8(ascii: ":"))
            let id = try scanner.integer()
            name.withUnsafeBufferPointer { vocabulary.insert($0, id) }
        }
    }

    /// Reads merges in either of their spellings: "a b" or ["a", "b"].
    private mutating func readMerges(_ scanner: inout JSONScanner) throws(TokenizerError) {
        try scanner.take(UInt8(ascii: "["))
        var isFirst = true
        while try scanner.goesOn(until: UInt8(ascii: "]"), &isFirst) {
            if scanner.peek() == UInt8(ascii: "[") {
                try readPair(&scanner)
            } else {
                try readSpacedPair(&scanner)
            }
        }
    }

    private mutating func readPair(_ scanner: inout JSONScanner) throws(TokenizerError) {
        try scanner.take(UInt8(ascii: "["))
        var isFirst = true
        var count = 0
        var middle = 0
        while try scanner.goesOn(until: UInt8(ascii: "]"), &isFirst) {
            try scanner.string(into: &mergeNames)
            count += 1
            if count == 1 { middle = mergeNames.count }
        }
        guard count == 2 else { throw notTwo(count) }
        mergeEnds.append((middle, mergeNames.count))
    }

    private mutating func readSpacedPair(_ scanner: inout JSONScanner) throws(TokenizerError) {
        name.removeAll(keepingCapacity: true)
        try scanner.string(into: &name)
        let space = UInt8(ascii: " ")
        guard let middle = name.firstIndex(of: space), name.lastIndex(of: space) == middle else {
            throw notTwo(name.count { $0 == space } + 1)
        }
        mergeNames += name[..<middle]
        mergeEnds.append((mergeNames.count, mergeNames.count + name.count - middle - 1))
        mergeNames += name[(middle + 1)...]
    }

    private func notTwo(_ count: Int) -> TokenizerError {
        .malformed(path: path, what: "a merge names \(count) tokens, expected two")
    }
}
