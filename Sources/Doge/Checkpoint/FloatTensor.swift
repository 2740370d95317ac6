import CDogeKernels

/// A tensor as f32, either where its file is mapped or in memory of its own.
///
/// Not changed after it is made, so any thread may read it.
final class FloatTensor: @unchecked Sendable {  // immutable floats behind a pointer
    // (count), row-major
    let floats: UnsafePointer<Float>
    let count: Int
    private let buffer: OwnedFloats?
    private let owner: AnyObject?

    /// Borrows `bytes` of `owner` where they are aligned f32, and widens a copy otherwise.
    init?(_ bytes: UnsafeRawBufferPointer, type: StoredType, owner: AnyObject) {
        count = bytes.count / type.byteCount
        let address = UInt(bitPattern: bytes.baseAddress)
        if type == .f32, let start = bytes.baseAddress, address % 4 == 0 {
            floats = start.assumingMemoryBound(to: Float.self)
            self.owner = owner
            buffer = nil
            return
        }
        guard let buffer = OwnedFloats(count: count) else { return nil }
        if let start = bytes.baseAddress {
            switch type {
            case .bf16: ck_widen_bf16(start, buffer.floats, count)
            case .f16: ck_widen_f16(start, buffer.floats, count)
            default:
                UnsafeMutableRawPointer(buffer.floats)
                    .copyMemory(from: start, byteCount: bytes.count)
            }
        }
        floats = UnsafePointer(buffer.floats)
        self.owner = nil
        self.buffer = buffer
    }

    /// A tensor of numbers that are asked for one after the other.
    init?(count: Int, number: (Int) -> Float) {
        guard let buffer = OwnedFloats(count: count) else { return nil }
        self.count = count
        for index in 0..<count { buffer.floats[index] = number(index) }
        floats = UnsafePointer(buffer.floats)
        owner = nil
        self.buffer = buffer
    }

    /// The same row with zeros behind it, up to a multiple of a panel's columns.
    func padded() -> FloatTensor? {
        FloatTensor(count: ck_stride(CK_F32, count)) { $0 < self.count ? self.floats[$0] : 0 }
    }

    /// Index of the first value that is infinite or no number, if any.
    var firstNotFinite: Int? {
        let index = ck_first_not_finite(floats, count)
        return index < count ? index : nil
    }
}

/// An aligned buffer that several owners may share.
final class OwnedFloats: @unchecked Sendable {  // its one user fills it before it is shared
    private let buffer: AlignedBuffer

    init?(count: Int) {
        guard let buffer = AlignedBuffer(capacity: count) else { return nil }
        self.buffer = buffer
    }

    // (count)
    var floats: UnsafeMutablePointer<Float> { buffer.floats }
}
