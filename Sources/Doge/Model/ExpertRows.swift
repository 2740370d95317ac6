import CDogeKernels

/// A table with a row for each expert, as f32 or rounded to bf16; shared by all threads.
final class ExpertRows: @unchecked Sendable {  // filled once, before it is shared
    /// What the kernels read; valid as long as this object lives.
    let table: ck_table
    /// All rows, end to end.
    let bytes: UnsafeRawBufferPointer
    private let floats: FloatTensor?
    private let halves: AlignedBuffer

    init?(_ tensor: FloatTensor, format: ck_format) {
        let isNarrow = format == CK_BF16
        guard let halves = AlignedBuffer(capacity: isNarrow ? (tensor.count + 1) / 2 : 0) else {
            return nil
        }
        let words = UnsafeMutableRawPointer(halves.floats).assumingMemoryBound(to: UInt16.self)
        if isNarrow { ck_narrow_bf16(tensor.floats, words, tensor.count) }
        table = ck_table(
            format: format,
            rows: isNarrow ? UnsafeRawPointer(words) : UnsafeRawPointer(tensor.floats)
        )
        bytes = UnsafeRawBufferPointer(start: table.rows, count: (isNarrow ? 2 : 4) * tensor.count)
        floats = isNarrow ? nil : tensor
        self.halves = halves
    }
}
