import CDogeKernels

/// A weight matrix in panels, as products read it; shared by all threads.
final class PackedMatrix: @unchecked Sendable {  // filled once, before it is shared
    /// How several weight matrices of the same inputs become one.
    enum Arrangement {
        /// The outputs of each behind those of the one before.
        case stacked
        /// Two of equal size: gates, and what they act on; see `ck_gate_unit`.
        case gated
    }

    /// Numbers of a row of results; a gated matrix gives half as many as it has columns.
    let outputs: Int
    /// What the kernels read; lives as long as this object.
    let matrix: UnsafePointer<ck_matrix>
    private let panels: AlignedBuffer
    private let scales: AlignedBuffer
    private let offsets: AlignedBuffer
    private let bias: FloatTensor

    var format: ck_format { matrix.pointee.format }
    var panelCount: Int { matrix.pointee.panel_count }
    /// All panels, end to end.
    var bytes: UnsafeRawBufferPointer {
        let words = panelCount * Int(CK_PANEL) * matrix.pointee.steps
        return UnsafeRawBufferPointer(start: panels.floats, count: 4 * words)
    }

    /// Floats from row to row of a result: `outputs` rounded up to whole panels.
    static func stride(_ outputs: Int) -> Int { ck_stride(CK_F32, outputs) }

    /// Packs row-major (outputs, inputs) weights, whose numbers are checked and whose memory is not
    /// needed afterwards.
    ///
    /// - Parameters:
    ///   - biases: one for each part, of its outputs; empty where none has a bias.
    ///   - threads: that pack it.
    init(
        _ parts: [StoredTensor],
        biases: [FloatTensor],
        inputs: Int,
        as arrangement: Arrangement = .stacked,
        format: ck_format,
        threads: Int = 1
    ) throws(ModelError) {
        let columns = Self.columns(parts.map { $0.count / inputs }, arrangement)
        let steps = ck_words(format, inputs)
        let panelCount = columns.count / Int(CK_PANEL)
        let scaleCount = format == CK_INT8 ? columns.count : 0
        guard let panels = AlignedBuffer(capacity: columns.count * steps),
            let scales = AlignedBuffer(capacity: scaleCount),
            let offsets = AlignedBuffer(capacity: scaleCount),
            let bias = Self.arranged(biases, columns)
        else { throw .outOfMemory(what: "a packed matrix", byteCount: 4 * columns.count * steps) }
        let words = UnsafeMutableRawPointer(panels.floats).assumingMemoryBound(to: UInt32.self)
        let whole = UnsafeMutableRawPointer(offsets.floats).assumingMemoryBound(to: Int32.self)
        try Packing(
            parts: parts,
            columns: columns,
            inputs: inputs,
            format: format,
            words: words,
            scales: scaleCount > 0 ? scales.floats : nil,
            offsets: scaleCount > 0 ? whole : nil
        ).run(threads: threads)
        let matrix = UnsafeMutablePointer<ck_matrix>.allocate(capacity: 1)
        matrix.initialize(
            to: ck_matrix(
                format: format,
                panels: words,
                steps: steps,
                panel_count: panelCount,
                scales: scaleCount > 0 ? scales.floats : nil,
                offsets: scaleCount > 0 ? whole : nil,
                bias: biases.isEmpty ? nil : bias.floats
            )
        )
        self.matrix = UnsafePointer(matrix)
        self.panels = panels
        self.scales = scales
        self.offsets = offsets
        self.bias = bias
        switch arrangement {
        case .stacked: outputs = parts.reduce(0) { $0 + $1.count / inputs }
        case .gated: outputs = parts[0].count / inputs
        }
    }

    /// The same of weights in memory, which are taken as they are.
    convenience init(
        _ parts: [FloatTensor],
        biases: [FloatTensor],
        inputs: Int,
        as arrangement: Arrangement = .stacked,
        format: ck_format
    ) throws(ModelError) {
        try self.init(
            parts.map(\.asStored),
            biases: biases,
            inputs: inputs,
            as: arrangement,
            format: format
        )
    }

    deinit { UnsafeMutablePointer(mutating: matrix).deallocate() }

    /// Which row stands in each column; nil in the padding.
    private static func columns(_ heights: [Int], _ arrangement: Arrangement) -> [Packing.Place?] {
        switch arrangement {
        case .stacked:
            let places = heights.enumerated().flatMap { part, height in
                (0..<height).map { Optional(Packing.Place(part: part, row: $0)) }
            }
            return places + Array(repeating: nil, count: stride(places.count) - places.count)
        case .gated:
            return (0..<2 * stride(heights[0])).map { column in
                var isUp: Int32 = 0
                let unit = Int(ck_gate_unit(column, &isUp))
                return unit < heights[0] ? Packing.Place(part: Int(isUp), row: unit) : nil
            }
        }
    }

    /// One number for each column, zero in the padding.
    private static func arranged(
        _ parts: [FloatTensor],
        _ columns: [Packing.Place?]
    ) -> FloatTensor? {
        FloatTensor(count: parts.isEmpty ? 0 : columns.count) { column in
            columns[column].map { parts[$0.part].floats[$0.row] } ?? 0
        }
    }
}
