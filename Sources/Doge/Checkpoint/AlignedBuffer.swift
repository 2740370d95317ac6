import Glibc

/// Floats of its own on a cache line's border, zeroed, freed with it.
struct AlignedBuffer: ~Copyable {
    // (capacity)
    let floats: UnsafeMutablePointer<Float>
    let capacity: Int

    /// Allocates, or returns nil where there is no memory.
    init?(capacity: Int) {
        let (byteCount, overflow) = max(capacity, 1)
            .multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        var memory: UnsafeMutableRawPointer?
        guard !overflow, posix_memalign(&memory, 64, byteCount) == 0, let memory else { return nil }
        memset(memory, 0, byteCount)
        floats = memory.bindMemory(to: Float.self, capacity: max(capacity, 1))
        self.capacity = capacity
    }

    deinit { free(floats) }
}
