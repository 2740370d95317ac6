import CDogeKernels

/// Where parts begin, in floats; each on a cache line of its own.
struct ScratchPlan {
    private(set) var end = 0
    private(set) var size = 0

    /// Where rows of an operand and their scales begin.
    struct Operand {
        let format: ck_format
        let words: Int
        let scales: Int
        let stride: Int

        func at(_ base: UnsafeMutablePointer<Float>) -> ck_operand {
            ck_operand(
                format: format,
                words: UnsafeMutableRawPointer(base + words)
                    .assumingMemoryBound(to: UInt32.self),
                scales: base + scales,
                stride: stride
            )
        }
    }

    /// So many words.
    mutating func take(_ count: Int) -> Int {
        let start = end
        end += (count + 15) / 16 * 16
        size = max(size, end)
        return start
    }

    /// Rows of floats, padded to whole panels.
    mutating func floats(_ rows: Int, _ width: Int) -> Int {
        take(rows * ck_stride(CK_F32, width))
    }

    /// Rows of a format; the floats themselves, where they begin `over`, are those of f32.
    mutating func operand(
        _ rows: Int,
        _ width: Int,
        _ format: ck_format,
        over floats: Int? = nil
    ) -> Operand {
        let stride = ck_stride(format, width)
        let isThere = format == CK_F32 && floats != nil
        let words = isThere ? floats ?? 0 : take(rows * stride)
        let scales = take(format == CK_INT8 ? rows : 0)
        return Operand(format: format, words: words, scales: scales, stride: stride)
    }

    mutating func rewind(to place: Int) { end = place }
}
