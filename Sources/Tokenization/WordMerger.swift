/// Merges the symbols of a word in place: the best pair first, the leftmost of equals.
///
/// Short words are scanned for the best pair; longer ones go through a linked list and a heap of
/// possible merges, in n log n. Its memory is kept from word to word.
struct WordMerger: ~Copyable {
    /// Words up to this many symbols are merged by scanning.
    private static let scanCountMax = 48
    /// Memory for more symbols is given back with the next word.
    private static let keptCountMax = 1 << 18

    /// The symbols of the word: `count` on entry, fewer afterwards; -1 where one was taken up.
    private(set) var symbols: UnsafeMutablePointer<Int32>
    /// What would become of each symbol and the one behind it.
    private var merges: UnsafeMutablePointer<MergeTable.Merge>
    /// The neighbours of each symbol; only of long words.
    private var links: UnsafeMutablePointer<(previous: Int32, next: Int32)>
    private var capacity = leastCapacity
    private static let leastCapacity = 64
    private var heap = MergeHeap()

    init() {
        symbols = .allocate(capacity: capacity)
        merges = .allocate(capacity: capacity)
        links = .allocate(capacity: capacity)
    }

    deinit {
        symbols.deallocate()
        merges.deallocate()
        links.deallocate()
    }

    /// Makes room for a word, and forgets the one before.
    @inline(__always)
    mutating func prepare(count: Int) {
        if count > capacity || capacity > Self.keptCountMax { resize(count) }
    }

    @inline(never)
    private mutating func resize(_ count: Int) {
        precondition(count < Int(Int32.max), "places of symbols have 32 bits")
        symbols.deallocate()
        merges.deallocate()
        links.deallocate()
        heap = MergeHeap()
        capacity = max(count, Self.leastCapacity)
        if capacity < Self.keptCountMax / 2 { capacity *= 2 }
        symbols = .allocate(capacity: capacity)
        merges = .allocate(capacity: capacity)
        links = .allocate(capacity: capacity)
    }

    /// Merges the first symbols; gives how many are left, in front and without gaps.
    mutating func merge(count: Int, _ table: MergeTable) -> Int {
        guard count > 1 else { return count }
        for index in 0..<count - 1 {
            merges[index] = table.find(symbols[index], symbols[index + 1])
        }
        merges[count - 1] = .none
        return count <= Self.scanCountMax
            ? mergeByScanning(count, table) : mergeByHeap(count, table)
    }

    private func mergeByScanning(_ wordCount: Int, _ table: MergeTable) -> Int {
        let symbols = symbols
        let merges = merges
        var count = wordCount
        while count > 1 {
            var best = Int32.max
            var place = 0
            for index in 0..<count - 1 where merges[index].rank < best {
                best = merges[index].rank
                place = index
            }
            guard best < .max else { break }
            symbols[place] = merges[place].id
            count -= 1
            for index in place + 1..<max(place + 1, count) {
                symbols[index] = symbols[index + 1]
                merges[index] = merges[index + 1]
            }
            merges[place] =
                place + 1 < count ? table.find(symbols[place], symbols[place + 1]) : .none
            if place > 0 { merges[place - 1] = table.find(symbols[place - 1], symbols[place]) }
        }
        return count
    }

    private mutating func mergeByHeap(_ count: Int, _ table: MergeTable) -> Int {
        let symbols = symbols
        let merges = merges
        let links = links
        heap.removeAll()
        for index in 0..<count {
            links[index] = (Int32(index - 1), Int32(index + 1))
            if merges[index].rank < .max { heap.add(merges[index].rank, index) }
        }
        heap.order()
        while let (rank, left) = heap.pop() {
            // An entry whose symbols have merged otherwise since is stale.
            guard merges[left].rank == rank else { continue }
            let right = Int(links[left].next)
            symbols[left] = merges[left].id
            symbols[right] = -1
            merges[right] = .none
            let next = Int(links[right].next)
            links[left].next = Int32(next)
            merges[left] = .none
            if next < count {
                links[next].previous = Int32(left)
                merges[left] = table.find(symbols[left], symbols[next])
                if merges[left].rank < .max { heap.push(merges[left].rank, left) }
            }
            let previous = Int(links[left].previous)
            if previous >= 0 {
                merges[previous] = table.find(symbols[previous], symbols[left])
                if merges[previous].rank < .max { heap.push(merges[previous].rank, previous) }
            }
        }
        var left = 0
        for index in 0..<count where symbols[index] >= 0 {
            symbols[left] = symbols[index]
            left += 1
        }
        return left
    }
}
