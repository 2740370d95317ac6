/// From a text to the ids of its words.
extension Tokenizer {
    /// Whoever reads characters behind this may take the text for UTF-8.
    func check(_ text: UnsafeBufferPointer<UInt8>) throws(TokenizerError) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: text.span)
        } catch {
            throw .notUTF8(offset: error.byteOffsets.lowerBound)
        }
    }

    func append(
        _ text: UnsafeBufferPointer<UInt8>,
        _ scratch: TokenizerScratch,
        _ state: inout EncodingState
    ) throws(TokenizerError) {
        try added.split(text) { (range, id) throws(TokenizerError) in
            if let id { return state.ids.append(id) }
            let part = UnsafeBufferPointer(rebasing: text[range])
            try addedAfterwards.split(part) { (range, id) throws(TokenizerError) in
                if let id { return state.ids.append(id) }
                try appendWords(UnsafeBufferPointer(rebasing: part[range]), scratch, &state)
            }
        }
    }

    private func appendWords(
        _ text: UnsafeBufferPointer<UInt8>,
        _ scratch: TokenizerScratch,
        _ state: inout EncodingState
    ) throws(TokenizerError) {
        guard splitting.prefix == .texts, text.first != 0x20 else {
            return try splitWords(text, scratch, &state)
        }
        try ([0x20] + Array(text)).withUnsafeBufferPointer { (text) throws(TokenizerError) in
            try splitWords(text, scratch, &state)
        }
    }

    private func splitWords(
        _ text: UnsafeBufferPointer<UInt8>,
        _ scratch: TokenizerScratch,
        _ state: inout EncodingState
    ) throws(TokenizerError) {
        guard let base = text.baseAddress else { return }
        let count = text.count
        if let style = splitting.expression.style {
            let scanner = WordScanner(
                style: style,
                text: base,
                count: count,
                classes: scratch.classes
            )
            var start = 0
            while start < count {
                let end = scanner.end(ofWordAt: start)
                appendWord(base + start, end - start, readable: count - start, &state)
                start = end
            }
        } else {
            try splitting.expression.split(text, scratch.match) { range in
                let start = range.lowerBound
                appendWord(base + start, range.count, readable: count - start, &state)
            }
        }
    }

    @inline(__always)
    private func appendWord(
        _ word: UnsafePointer<UInt8>,
        _ count: Int,
        readable: Int,
        _ state: inout EncodingState
    ) {
        if splitting.prefix == .words, word[0] != 0x20 {
            let word: [UInt8] = [0x20] + Array(UnsafeBufferPointer(start: word, count: count))
            word.withUnsafeBufferPointer { word in
                guard let base = word.baseAddress else { return }
                state.append(base, count: count + 1, readable: count + 1, model)
            }
        } else {
            state.append(word, count: count, readable: readable, model)
        }
    }
}
