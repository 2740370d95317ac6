import CDogeKernels
import Glibc
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
            try machine.bind(part, to: home)
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
        // Large pages stay whole; a mapped file has none.
        let isLarge = start % AlignedBuffer.largePage == 0 && bytes.count >= AlignedBuffer.largePage
        let page = isLarge ? AlignedBuffer.largePage : sysconf(Int32(_SC_PAGESIZE))
        let first = (start + page - 1) / page * page
        let last = max(first, (start + bytes.count) / page * page)
        let borders = cuts.map { min(max(first, (start + $0 + page / 2) / page * page), last) }
        return zip(borders, borders.dropFirst()).map { low, high in
            UnsafeRawBufferPointer(start: base + (low - start), count: high - low)
        }
    }
}
