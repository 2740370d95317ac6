/// Tokens that are found in a text before it is cut into words: a trie over bytes, longest first.
struct AddedTokens: Sendable {
    struct Token: Sendable {
        let id: Int32
        /// Whether white space before, or behind, belongs to the token.
        let takesLeft: Bool
        let takesRight: Bool
        /// Whether it counts only between characters that are no part of a word.
        let isSingleWord: Bool
    }

    private struct Node {
        var children: [UInt8: Int32] = [:]
        var token: Int32 = -1
    }

    private var nodes = [Node()]
    private var tokens: [Token] = []
    /// Bytes with which a token begins.
    private var firstBytes = [Bool](repeating: false, count: 256)

    mutating func insert(_ content: String, _ token: Token) {
        var node = 0
        for byte in content.utf8 {
            if let child = nodes[node].children[byte] {
                node = Int(child)
            } else {
                nodes.append(Node())
                nodes[node].children[byte] = Int32(nodes.count - 1)
                node = nodes.count - 1
            }
        }
        guard let first = content.utf8.first else { return }
        firstBytes[Int(first)] = true
        nodes[node].token = Int32(tokens.count)
        tokens.append(token)
    }

    /// Calls `piece` for every run of plain text and every token, in order.
    func split(
        _ text: UnsafeBufferPointer<UInt8>,
        piece: (Range<Int>, Int32?) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        guard !tokens.isEmpty else {
            if !text.isEmpty { try piece(0..<text.count, nil) }
            return
        }
        var done = 0
        var offset = 0
        while offset < text.count {
            guard firstBytes[Int(text[offset])], let (number, end) = longest(text, at: offset)
            else {
                offset += 1
                continue
            }
            let token = tokens[number]
            if token.isSingleWord, !standsAlone(text, offset..<end) {
                offset = end
                continue
            }
            var start = offset
            var stop = end
            if token.takesLeft { start = max(done, TextClass.spaceStart(text, before: start)) }
            if token.takesRight { stop = TextClass.spaceEnd(text, after: stop) }
            if done < start { try piece(done..<start, nil) }
            try piece(start..<stop, token.id)
            done = stop
            offset = max(end, stop)
        }
        if done < text.count { try piece(done..<text.count, nil) }
    }

    private func longest(
        _ text: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) -> (token: Int, end: Int)? {
        var node = 0
        var found: (Int, Int)?
        var offset = start
        while offset < text.count, let child = nodes[node].children[text[offset]] {
            node = Int(child)
            offset += 1
            if nodes[node].token >= 0 { found = (Int(nodes[node].token), offset) }
        }
        return found
    }

    private func standsAlone(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        !TextClass.isWord(TextClass.scalar(text, before: range.lowerBound))
            && !TextClass.isWord(TextClass.scalar(text, at: range.upperBound))
    }
}
