import CDogeKernels

/// A tensor as f32, either where its file is mapped or in memory of its own.
///
/// Not changed after it is made, so any thread may read it.
final class FloatTensor: @unchecked Sendable {  // immutable floats behind a pointer
    // (count), row-major
    let floats: UnsafePointer<Float>
    let count: Int
    private let buffer: OwnedFloats?
    private let stored: StoredTensor?

    /// Borrows the numbers where they lie as f32, and widens a copy otherwise.
    init(_ tensor: StoredTensor) throws(ModelError) {
        count = tensor.count
        if let floats = tensor.floats {
            self.floats = floats
            (stored, buffer) = (tensor, nil)
            return
        }
        guard let buffer = OwnedFloats(count: count) else {
            throw .outOfMemory(what: "tensor \(tensor.name)", byteCount: 4 * count)
        }
        tensor.write(0..<count, to: buffer.floats)
        floats = UnsafePointer(buffer.floats)
        (stored, self.buffer) = (nil, buffer)
    }

    /// A tensor of numbers that are asked for one after the other.
    init?(count: Int, number: (Int) -> Float) {
        guard let buffer = OwnedFloats(count: count) else { return nil }
        self.count = count
        for index in 0..<count { buffer.floats[index] = number(index) }
        floats = UnsafePointer(buffer.floats)
        (stored, self.buffer) = (nil, buffer)
    }

    /// The same numbers, as those of a file are read.
    var asStored: StoredTensor { StoredTensor(floats, count: count, owner: self) }

    /// The same row with zeros behind it, up to a multiple of a panel's columns.
    func padded() -> FloatTensor? {
        FloatTensor(count: ck_stride(CK_F32, count)) { $0 < self.count ? self.floats[$0] : 0 }
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
