import Glibc

/// The pages in which the system hands out memory.
package enum Pages {
    /// Bytes of a page.
    package static let byteCount = sysconf(Int32(_SC_PAGESIZE))
    /// Bytes of a large page, where the system makes one of many.
    package static let largeByteCount = 2 << 20

    /// The next whole number of pages, or of pieces of another size.
    package static func up(_ bytes: Int, of page: Int = byteCount) -> Int {
        (bytes + page - 1) / page * page
    }

    /// The whole pages of memory that begin and end in it; none where it holds no page.
    package static func whole(
        of bytes: UnsafeRawBufferPointer,
        page: Int = byteCount
    ) -> UnsafeRawBufferPointer {
        guard let base = bytes.baseAddress else { return bytes }
        let start = Int(bitPattern: base)
        let first = up(start, of: page)
        let last = max(first, (start + bytes.count) / page * page)
        return UnsafeRawBufferPointer(start: base + (first - start), count: last - first)
    }
}
