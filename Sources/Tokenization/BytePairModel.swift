/// Byte-pair encoding of one word: its bytes, merged by rank.
struct BytePairModel: Sendable {
    /// The id of each byte's own token; -1 where the vocabulary has none.
    let byteIDs: [Int32]
    let merges: MergeTable
    /// Whole words by their bytes.
    let words: BytesTable
    /// Whether a word of the vocabulary is taken whole, whatever the merges would give.
    let ignoresMerges: Bool

    /// Words up to this many tokens are merged by scanning; longer ones through a heap.
    private static let scanCountMax = 48

    /// Appends the ids of a word.
    func append(
        _ word: UnsafeBufferPointer<UInt8>,
        to ids: inout [Int32],
        _ scratch: inout WordScratch
    ) {
        if ignoresMerges, let id = words.value(word) {
            ids.append(id)
            return
        }
        scratch.symbols.removeAll(keepingCapacity: true)
        for byte in word where byteIDs[Int(byte)] >= 0 {
            scratch.symbols.append(byteIDs[Int(byte)])
        }
        if scratch.symbols.count <= Self.scanCountMax {
            mergeByScanning(&scratch.symbols)
            ids.append(contentsOf: scratch.symbols)
        } else {
            mergeByHeap(&scratch, to: &ids)
        }
    }

    /// Merges the best pair, the leftmost of equals, until none is left.
    private func mergeByScanning(_ symbols: inout [Int32]) {
        while symbols.count > 1 {
            var best: (rank: Int32, id: Int32)?
            var place = 0
            for index in 0..<symbols.count - 1 {
                guard let merge = merges.find(symbols[index], symbols[index + 1]) else { continue }
                if merge.rank < best?.rank ?? .max {
                    best = merge
                    place = index
                }
            }
            guard let best else { return }
            symbols[place] = best.id
            symbols.remove(at: place + 1)
        }
    }

    /// The same result in n log n: a linked list of symbols and a heap of possible merges.
    private func mergeByHeap(_ scratch: inout WordScratch, to ids: inout [Int32]) {
        let count = scratch.symbols.count
        var next = Array(1...count)
        var previous = Array(-1..<count - 1)
        var symbols = scratch.symbols
        scratch.heap.removeAll(keepingCapacity: true)
        func offer(_ left: Int, _ right: Int, _ heap: inout MergeHeap) {
            guard left >= 0, right < count else { return }
            guard let merge = merges.find(symbols[left], symbols[right]) else { return }
            heap.push(MergeHeap.Entry(rank: merge.rank, place: Int32(left), id: merge.id))
        }
        for index in 0..<count - 1 { offer(index, index + 1, &scratch.heap) }
        while let entry = scratch.heap.pop() {
            let left = Int(entry.place)
            let right = symbols[left] >= 0 ? next[left] : count
            // An entry whose symbols have merged otherwise since is stale.
            guard right < count, let merge = merges.find(symbols[left], symbols[right]),
                merge.id == entry.id, merge.rank == entry.rank
            else { continue }
            symbols[left] = merge.id
            symbols[right] = -1
            next[left] = next[right]
            if next[right] < count { previous[next[right]] = left }
            offer(previous[left], left, &scratch.heap)
            offer(left, next[left], &scratch.heap)
        }
        for symbol in symbols where symbol >= 0 { ids.append(symbol) }
    }
}

/// Buffers for merging words, reused from word to word.
struct WordScratch {
    var symbols: [Int32] = []
    var heap = MergeHeap()
}

/// A binary heap of merges: lowest rank first, the leftmost of equals.
struct MergeHeap {
    struct Entry {
        let rank: Int32
        let place: Int32
        let id: Int32

        var order: Int64 { Int64(rank) << 32 | Int64(place) }
    }

    private var entries: [Entry] = []

    mutating func removeAll(keepingCapacity: Bool) {
        entries.removeAll(keepingCapacity: keepingCapacity)
    }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var index = entries.count - 1
        while index > 0, entries[index].order < entries[(index - 1) / 2].order {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func pop() -> Entry? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if entries.isEmpty { return first }
        entries[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < entries.count && entries[child].order < entries[least].order {
                least = child
            }
            if least == index { return first }
            entries.swapAt(index, least)
            index = least
        }
    }
}
