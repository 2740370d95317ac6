import CDogeKernels
import Platform
import Synchronization

/// The panels of a matrix while they are filled.
struct Packing: @unchecked Sendable {  // each panel is written by one thread
    /// A row of one of the parts.
    struct Place {
        let part: Int
        let row: Int
    }

    let parts: [StoredTensor]
    let columns: [Place?]
    let inputs: Int
    let format: ck_format
    let words: UnsafeMutablePointer<UInt32>  // (columns, ck_words(format, inputs))
    let scales: UnsafeMutablePointer<Float>?  // (columns)
    let offsets: UnsafeMutablePointer<Int32>?  // (columns)

    /// Fills all panels and lets go of the memory that was read; refuses numbers that are none.
    func run(threads: Int) throws(ModelError) {
        let panelCount = columns.count / Int(CK_PANEL)
        let pieces = threads > 1 ? min(panelCount, 4 * threads) : 1
        let areFinite = Atomic(true)
        Parallel.each(pieces, threads: threads) { piece in
            let panels = panelCount * piece / pieces..<panelCount * (piece + 1) / pieces
            if !pack(panels) { areFinite.store(false, ordering: .relaxed) }
        }
        if !areFinite.load(ordering: .relaxed) {
            for part in parts { try part.checkFinite() }
            // Panels are missing, though all numbers are there now.
            let path = parts.first?.path ?? ""
            throw .unreadable(path: path, reason: "its numbers changed while they were read")
        }
        for part in parts { part.release() }
    }

    /// Fills some panels, of rows that are widened into a cache's worth of memory; false as soon
    /// as a number is none.
    private func pack(_ panels: Range<Int>) -> Bool {
        let width = Int(CK_PANEL)
        let widened = UnsafeMutablePointer<Float>.allocate(capacity: width * inputs)
        defer { widened.deallocate() }
        let isChecked = parts.contains(where: \.isMapped)
        var rows = [UnsafePointer<Float>?](repeating: nil, count: width)
        for panel in panels {
            let first = panel * width
            for column in 0..<width {
                rows[column] = columns[first + column].map { place in
                    row(place, widened: widened + column * inputs)
                }
                if isChecked, let row = rows[column], ck_first_not_finite(row, inputs) < inputs {
                    return false
                }
            }
            ck_pack(
                format,
                &rows,
                inputs,
                words + first * ck_words(format, inputs),
                scales.map { $0 + first },
                offsets.map { $0 + first }
            )
        }
        return true
    }

    private func row(
        _ place: Place,
        widened: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float> {
        let part = parts[place.part]
        let start = place.row * inputs
        if let floats = part.floats { return floats + start }
        part.write(start..<start + inputs, to: widened)
        return UnsafePointer(widened)
    }
}
