/// The parts of a tokenizer that turn tokens back into text, and those that people want to know.
extension TokenizerBuilder {
    /// All tokens as the file spells them.
    struct Names {
        /// Each at its id; nil where there is none.
        var byID: [ArraySlice<UInt8>?] = []
        /// An id that two tokens of the vocabulary have.
        var ambiguousID: Int32?
    }

    /// Call it behind `model` and `addedTokens`, which check the ids.
    func names() -> Names {
        let added = file.added_tokens ?? []
        let vocabulary = parts.vocabulary
        let ids = (0..<vocabulary.count).map(vocabulary.value(at:))
        let last = max(ids.max() ?? -1, added.map(\.id).max() ?? -1)
        var names = Names(byID: [ArraySlice<UInt8>?](repeating: nil, count: Int(last) + 1))
        for (entry, id) in ids.enumerated() {
            if names.byID[Int(id)] != nil { names.ambiguousID = min(id, names.ambiguousID ?? id) }
            names.byID[Int(id)] = vocabulary.key(at: entry)
        }
        for token in added { names.byID[Int(token.id)] = Array(token.content.utf8)[...] }
        return names
    }

    func tokenTable(_ names: Names) -> TokenTable {
        let special = specialContents
        let ids = (file.added_tokens ?? []).filter { special.contains($0.content) }.map(\.id)
        return TokenTable(names: names.byID, special: Set(ids))
    }

    /// Why tokens cannot become text; nil where they can.
    ///
    /// Texts can be encoded all the same, so this is told only to who wants to decode. Without a
    /// decoder the tokenizers package would write the file's spelling, with spaces between tokens.
    func decodingRefusal(_ names: Names) -> TokenizerError? {
        guard let decoder = file.decoder else {
            return .undecodable(
                path: path,
                reason: "it has no decoder; give it a ByteLevel one with the tokenizers package"
            )
        }
        let types = decoder.types
        // Fuse joins texts, and behind ByteLevel there is only one.
        guard types.first == "ByteLevel", types.dropFirst().allSatisfy({ $0 == "Fuse" }) else {
            let names = types.isEmpty ? "an empty Sequence" : types.joined(separator: ", ")
            return .undecodable(
                path: path,
                reason: "its decoder is \(names), which Kennel does not know; "
                    + "only ByteLevel is supported"
            )
        }
        return names.ambiguousID.map {
            .undecodable(
                path: path,
                reason: "two of its tokens have the id \($0); save it again with transformers"
            )
        }
    }

    func summary(_ template: Template, _ names: Names) -> TokenizerSummary {
        let added = Set((file.added_tokens ?? []).map(\.content))
        func text(_ id: Int32) -> String? {
            guard id >= 0, Int(id) < names.byID.count else { return nil }
            return names.byID[Int(id)].map { String(decoding: $0, as: UTF8.self) }
        }
        return TokenizerSummary(
            entries: parts.vocabulary.count + added.filter { id(of: $0.utf8) == nil }.count,
            merges: parts.mergeEnds.count,
            addedTokens: added.count,
            specialTokens: specialContents.count,
            tokensBefore: template.before.compactMap(text),
            tokensBehind: template.behind.compactMap(text)
        )
    }

    private var specialContents: Set<String> {
        Set((file.added_tokens ?? []).filter { $0.special ?? false }.map(\.content))
    }
}
