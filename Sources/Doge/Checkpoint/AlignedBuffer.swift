import Glibc

/// Floats of its own on a cache line's border, zeroed, freed with it.
struct AlignedBuffer: ~Copyable {
    // (capacity)
    let floats: UnsafeMutablePointer<Float>
    let capacity: Int

    /// Bytes of a large page.
    static let largePage = 2 << 20

    /// Allocates, or returns nil where there is no memory.
    init?(capacity: Int) {
        let (byteCount, overflow) = max(capacity, 1)
            .multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        // Large ones ask for large pages: a layer's weights would fill the table of small ones.
        let isLarge = byteCount >= 2 * Self.largePage
        let alignment = isLarge ? Self.largePage : 64
        var memory: UnsafeMutableRawPointer?
        guard !overflow, posix_memalign(&memory, alignment, byteCount) == 0, let memory else {
            return nil
        }
        if isLarge { madvise(memory, byteCount, MADV_HUGEPAGE) }  // or not: it is as right, slower
        memset(memory, 0, byteCount)
        floats = memory.bindMemory(to: Float.self, capacity: max(capacity, 1))
        self.capacity = capacity
    }

    deinit { free(floats) }
}
