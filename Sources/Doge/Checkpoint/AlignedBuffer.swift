import Glibc
import Platform

/// Floats of its own on a cache line's border, zeroed, freed with it.
struct AlignedBuffer: ~Copyable {
    // (capacity)
    let floats: UnsafeMutablePointer<Float>
    let capacity: Int
    /// Bytes that are mapped for it; 0 where the memory is the allocator's.
    private let mapped: Int

    /// Allocates, or returns nil where there is no memory.
    init?(capacity: Int) {
        let (byteCount, overflow) = max(capacity, 1)
            .multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard !overflow else { return nil }
        // Large ones ask for large pages: a layer's weights would fill the table of small ones.
        let isLarge = byteCount >= 2 * Pages.largeByteCount
        guard let memory = isLarge ? Self.map(byteCount) : Self.allocate(byteCount) else {
            return nil
        }
        mapped = isLarge ? Pages.up(byteCount) : 0
        floats = memory.bindMemory(to: Float.self, capacity: max(capacity, 1))
        self.capacity = capacity
    }

    deinit {
        if mapped > 0 { munmap(floats, mapped) } else { free(floats) }
    }

    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 64, byteCount) == 0, let memory else { return nil }
        memset(memory, 0, byteCount)
        return memory
    }

    /// New memory on a large page's border, which the system has zeroed or will when it is touched.
    private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let largePage = Pages.largeByteCount
        guard byteCount <= Int.max - 3 * largePage else { return nil }
        // Small pages at the end, so that no large one is taken for a few bytes.
        let size = Pages.up(byteCount)
        let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)
        let memory = mmap(nil, size + largePage, protection, flags, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        let before = (largePage - Int(bitPattern: memory) % largePage) % largePage
        if before > 0 { munmap(memory, before) }
        let start = memory + before
        if before < largePage { munmap(start + size, largePage - before) }
        madvise(start, size, MADV_HUGEPAGE)  // or not: it is as right, slower
        return start
    }
}
