/// What encoding writes to: buffers, and a cache of words seen before; for one thread.
package final class TokenizerScratch {
    let match: SplitMatch
    let classes = CharacterClasses()
    var state = EncodingState()

    init(_ match: consuming SplitMatch) {
        self.match = match
    }
}

/// The part of a scratch that changes with every word; lent as a whole for a text.
struct EncodingState: ~Copyable {
    var ids = TokenBuffer()
    private var merger = WordMerger()
    private var cache = WordCache()

    /// Appends the ids of a word.
    ///
    /// - Parameter readable: bytes that may be read from the word's first on, at least its own.
    @inline(__always)
    mutating func append(
        _ word: UnsafePointer<UInt8>,
        count: Int,
        readable: Int,
        _ model: borrowing BytePairModel
    ) {
        guard count <= WordCache.bytesMax else {
            let word = UnsafeBufferPointer(start: word, count: count)
            return model.append(word, to: &ids, &merger)
        }
        let key = WordCache.key(word, count: count, readable: readable)
        if !cache.append(key, to: &ids) { appendUnknown(word, count, key, model) }
    }

    @inline(never)
    private mutating func appendUnknown(
        _ word: UnsafePointer<UInt8>,
        _ count: Int,
        _ key: WordCache.Key,
        _ model: borrowing BytePairModel
    ) {
        let start = ids.count
        model.append(UnsafeBufferPointer(start: word, count: count), to: &ids, &merger)
        cache.insert(key, ids.elements(from: start))
    }
}
