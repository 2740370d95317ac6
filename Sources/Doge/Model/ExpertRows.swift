import CDogeKernels

/// A table with a row for each expert, as f32 or rounded to bf16; shared by all threads.
final class ExpertRows: @unchecked Sendable {  // filled once, before it is shared
    /// What the kernels read; valid as long as this object lives.
    let table: ck_table
    /// All rows, end to end.
    let bytes: UnsafeRawBufferPointer
    private let floats: FloatTensor?
    private let halves: AlignedBuffer

    /// Rows of a checkpoint, each number checked.
    init(_ tensor: StoredTensor, format: ck_format) throws(ModelError) {
        try tensor.checkFinite()
        let isNarrow = format == CK_BF16
        let floats = try isNarrow ? nil : FloatTensor(tensor)
        guard let halves = AlignedBuffer(capacity: isNarrow ? (tensor.count + 1) / 2 : 0) else {
            throw .outOfMemory(what: "tensor \(tensor.name)", byteCount: 2 * tensor.count)
        }
        let words = UnsafeMutableRawPointer(halves.floats).assumingMemoryBound(to: UInt16.self)
        if isNarrow { Self.narrow(tensor, to: words) }
        // Narrow rows are a copy; of others the file itself may be what is read from now on.
        if isNarrow || floats?.floats != tensor.floats { tensor.release() }
        table = ck_table(
            format: format,
            rows: floats.map { UnsafeRawPointer($0.floats) } ?? UnsafeRawPointer(words)
        )
        bytes = UnsafeRawBufferPointer(start: table.rows, count: (isNarrow ? 2 : 4) * tensor.count)
        self.floats = floats
        self.halves = halves
    }

    /// Rows in memory, each number checked.
    convenience init(_ tensor: FloatTensor, format: ck_format) throws(ModelError) {
        try self.init(tensor.asStored, format: format)
    }

    private static func narrow(_ tensor: StoredTensor, to words: UnsafeMutablePointer<UInt16>) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 4096) { piece in
            guard let floats = piece.baseAddress else { return }
            for start in stride(from: 0, to: tensor.count, by: piece.count) {
                let range = start..<min(tensor.count, start + piece.count)
                tensor.write(range, to: floats)
                ck_narrow_bf16(floats, words + start, range.count)
            }
        }
    }
}
