/// Ids that grow at their end: room is made once for many, so that adding one is a store.
struct TokenBuffer: ~Copyable {
    private var storage: UnsafeMutablePointer<Int32>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1 << 10) {
        self.capacity = capacity
        storage = .allocate(capacity: capacity)
    }

    deinit {
        storage.deallocate()
    }

    mutating func removeAll() {
        count = 0
    }

    /// Makes room for more, and gives where they belong; `commit` tells how many came.
    @inline(__always)
    mutating func room(for more: Int) -> UnsafeMutablePointer<Int32> {
        if capacity - count < more { grow(more) }
        return storage + count
    }

    @inline(__always)
    mutating func commit(_ more: Int) {
        count += more
    }

    mutating func append(_ id: Int32) {
        room(for: 1)[0] = id
        count += 1
    }

    /// What was added behind the first so many.
    func elements(from start: Int) -> UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(start: storage + start, count: count - start)
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
        larger.update(from: storage, count: count)
        storage.deallocate()
        storage = larger
    }
}
