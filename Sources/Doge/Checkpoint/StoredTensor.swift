import CDogeKernels
import Glibc
import Platform

/// A tensor as it is stored, where its file is mapped; widened as its numbers are asked for.
struct StoredTensor: @unchecked Sendable {  // bytes that nobody writes, alive with their owner
    let count: Int
    /// Where it lies, for sentences.
    let path: String
    let name: String
    private let bytes: UnsafeRawBufferPointer
    private let type: StoredType
    private let owner: AnyObject
    /// Whether the bytes are a file's: they come again when asked for, and nobody has checked them.
    let isMapped: Bool

    /// Bytes of a file that `owner` keeps mapped; of a type with f32 in it.
    init(
        _ bytes: UnsafeRawBufferPointer,
        _ type: StoredType,
        owner: AnyObject,
        path: String,
        name: String
    ) {
        count = bytes.count / type.byteCount
        (self.bytes, self.type, self.owner) = (bytes, type, owner)
        (self.path, self.name) = (path, name)
        isMapped = true
    }

    /// `count` numbers in memory, which `owner` keeps.
    init(_ floats: UnsafePointer<Float>, count: Int, owner: AnyObject) {
        self.count = count
        bytes = UnsafeRawBufferPointer(start: floats, count: 4 * count)
        (type, self.owner) = (.f32, owner)
        (path, name) = ("memory", "of no name")
        isMapped = false
    }

    /// The numbers where they lie, if these are f32 on the border of one.
    var floats: UnsafePointer<Float>? {
        guard type == .f32, UInt(bitPattern: bytes.baseAddress) % 4 == 0 else { return nil }
        return bytes.baseAddress?.assumingMemoryBound(to: Float.self)
    }

    /// Writes some of the numbers as f32.
    func write(_ range: Range<Int>, to floats: UnsafeMutablePointer<Float>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range of the tensor")
        guard let base = bytes.baseAddress else { return }
        let start = base + range.lowerBound * type.byteCount
        switch type {
        case .bf16: ck_widen_bf16(start, floats, range.count)
        case .f16: ck_widen_f16(start, floats, range.count)
        default: UnsafeMutableRawPointer(floats).copyMemory(from: start, byteCount: 4 * range.count)
        }
    }

    /// Refuses numbers that are infinite or none, naming the first.
    func checkFinite() throws(ModelError) {
        var index: Int?
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 4096) { piece in
            guard let floats = piece.baseAddress else { return }
            for start in stride(from: 0, to: count, by: piece.count) where index == nil {
                let range = start..<min(count, start + piece.count)
                write(range, to: floats)
                let found = ck_first_not_finite(floats, range.count)
                if found < range.count { index = start + found }
            }
        }
        if let index { throw .notFinite(path: path, tensor: name, index: index) }
    }

    /// Lets go of the memory of whole pages; the file is read again when they are asked for.
    func release() {
        guard isMapped else { return }
        let pages = Pages.whole(of: bytes)
        guard !pages.isEmpty, let start = UnsafeMutableRawPointer(mutating: pages.baseAddress)
        else { return }
        madvise(start, pages.count, MADV_DONTNEED)  // or not: it only takes memory
    }
}
