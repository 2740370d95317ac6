/// What encoding writes to: buffers, and a cache of words seen before; for one thread.
package final class TokenizerScratch {
    let match: SplitMatch
    var ids: [Int32] = []
    private var words = WordScratch()
    private var cache = BytesTable(capacity: cacheCount)

    /// Words that the cache holds; when it is full it begins anew.
    private static let cacheCount = 1 << 16
    /// Longer words are rare, and not worth their room.
    private static let cachedBytesMax = 64

    init(_ match: consuming SplitMatch) {
        self.match = match
    }

    /// Appends the ids of a word.
    func append(_ word: UnsafeBufferPointer<UInt8>, _ model: BytePairModel) {
        guard word.count <= Self.cachedBytesMax else {
            return model.append(word, to: &ids, &words)
        }
        if cache.append(word, to: &ids) { return }
        let start = ids.count
        model.append(word, to: &ids, &words)
        if cache.isFull { cache = BytesTable(capacity: Self.cacheCount) }
        cache.insert(word, ids[start...])
    }
}
