import CDogeKernels
import Platform

/// Where the weights lie on a machine of several NUMA nodes.
extension DogeModel {
    /// Moves what each rank reads of matrices and experts to its homes.
    ///
    /// - Parameter homes: nodes of each rank.
    func bind(to homes: [[Int]], on machine: Machine) throws(SystemCallError) {
        let owners = ExpertLookup.owners(ranks: homes.count)
        for layer in layers {
            for matrix in layer.matrices { try bind(matrix, homes, machine) }
            guard let experts = layer.experts, let count = configuration.experts?.count else {
                continue
            }
            let shares = (0..<owners).map {
                ExpertLookup.share(of: count, owner: $0, owners: owners)
            }
            for table in [experts.down, experts.up] {
                try bind(table.bytes, shares, of: count, homes, machine)
            }
        }
        if case .language(let matrix) = head { try bind(matrix, homes, machine) }
    }

    private func bind(
        _ matrix: PackedMatrix,
        _ homes: [[Int]],
        _ machine: Machine
    ) throws(SystemCallError) {
        let count = matrix.panelCount
        let shares = homes.indices.map { Rank.share(of: count, number: $0, count: homes.count) }
        try bind(matrix.bytes, shares, of: count, homes, machine)
    }

    /// Of several homes each gets slices in turn: only what is bound to one node is moved at all.
    ///
    /// - Parameter shares: what of `count` equal parts of the bytes each rank reads, end to end.
    private func bind(
        _ bytes: UnsafeRawBufferPointer,
        _ shares: [Range<Int>],
        of count: Int,
        _ homes: [[Int]],
        _ machine: Machine
    ) throws(SystemCallError) {
        let cuts = [0] + shares.map { $0.upperBound * (bytes.count / count) }
        for (part, home) in zip(WholePages.parts(of: bytes, cuts: cuts), homes) where !part.isEmpty
        {
            let slices = WholePages.slices(of: part, nodes: home.count)
            for (number, slice) in slices.enumerated() {
                try machine.bind(slice, to: home[number % home.count])
            }
        }
    }
}

/// Memory is bound by whole pages.
enum WholePages {
    /// Parts of memory between cuts, each moved to the nearest border of a page, the first and the
    /// last inwards.
    ///
    /// - Parameter cuts: ascending, from 0 to all bytes.
    static func parts(of bytes: UnsafeRawBufferPointer, cuts: [Int]) -> [UnsafeRawBufferPointer] {
        guard let base = bytes.baseAddress else { return cuts.dropFirst().map { _ in bytes } }
        let start = Int(bitPattern: base)
        let page = isLarge(bytes) ? Pages.largeByteCount : Pages.byteCount
        let whole = Pages.whole(of: bytes, page: page)
        let first = Int(bitPattern: whole.baseAddress)
        let last = first + whole.count
        let borders = cuts.map { min(max(first, (start + $0 + page / 2) / page * page), last) }
        return zip(borders, borders.dropFirst()).map { low, high in
            UnsafeRawBufferPointer(start: base + (low - start), count: high - low)
        }
    }

    /// Slices of whole pages that several nodes take in turn: of 2 MiB, or as much smaller as it
    /// takes to give each node one; all of it for one node.
    static func slices(of part: UnsafeRawBufferPointer, nodes: Int) -> [UnsafeRawBufferPointer] {
        let share = Pages.up((part.count + nodes - 1) / nodes)
        let usual = isLarge(part) ? Pages.largeByteCount : min(share, Pages.largeByteCount)
        let size = nodes == 1 ? part.count : usual
        guard size > 0 else { return [] }
        return stride(from: 0, to: part.count, by: size).map { start in
            UnsafeRawBufferPointer(rebasing: part[start..<min(start + size, part.count)])
        }
    }

    /// Whether there may be large pages, which stay whole; a mapped file has none.
    private static func isLarge(_ bytes: UnsafeRawBufferPointer) -> Bool {
        Int(bitPattern: bytes.baseAddress) % Pages.largeByteCount == 0
            && bytes.count >= Pages.largeByteCount
    }
}
