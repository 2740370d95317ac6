import Scheduling

/// What a look at every page and every answer of a ledger has found whole.
package struct LedgerCheck: Sendable {
    /// Jobs in the ledger.
    package private(set) var jobs = 0
    /// Shards with answers, of jobs that still need them; those of jobs that are done are in
    /// their outputs.
    package private(set) var shards = 0
    /// Bytes of these answers.
    package private(set) var bytes = 0

    /// Reads a ledger that nobody works with, and all its answers; throws at the first damage.
    package init(state: String) throws(LedgerError) {
        let ledger = try Ledger.visit(state: state)
        for (row, cursor) in try ledger.jobRows(where: "1") {
            jobs += 1
            guard !row.state.isFinal else { continue }
            let directory = Segments.directory(state: state, job: row.id.description)
            for extent in try ledger.extents(of: row.id) {
                try ledger.checkLength(extent, directory)
                bytes += extent.byteCount
            }
            try ledger.checkAnswers(of: row.id, from: (segment: 0, offset: 0))
            let job = try ledger.description(row, cursor)
            shards += job.progress.shards
        }
    }
}
