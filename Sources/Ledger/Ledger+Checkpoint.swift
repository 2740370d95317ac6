import Platform
import Scheduling

/// When the WAL is emptied into the main file.
extension Ledger {
    /// Bytes of the WAL above which it is emptied though there is work.
    static let walByteCountMax = 64 << 20
    /// Bytes by which the WAL may grow after a checkpoint that found no room.
    private static let walByteCountMore = 8 << 20

    /// Makes a checkpoint where the WAL is large, or where there is nothing else to do.
    ///
    /// - Returns: whether one was made.
    @discardableResult
    package mutating func checkpointIfNeeded(isIdle: Bool) throws(LedgerError) -> Bool {
        guard walByteCount > (isIdle ? 0 : checkpointAt) else { return false }
        return try checkpoint()
    }

    /// Empties the WAL; where the main file has no room, all stays as it is, and nothing is lost.
    ///
    /// - Returns: whether it is empty now.
    @discardableResult
    mutating func checkpoint() throws(LedgerError) -> Bool {
        do throws(LedgerError) {
            try writeMarks()
            try database.checkpoint()
            checkpointAt = Self.walByteCountMax
            return true
        } catch {
            guard error.isFull else { throw error }
            checkpointAt = walByteCount + Self.walByteCountMore
            return false
        }
    }

    /// Bytes of the WAL, also of the part that was overwritten since.
    package var walByteCount: Int {
        (try? Files.status("\(database.path)-wal").byteCount) ?? 0
    }

    /// Answers were synced before their rows: with the rows in the main file, they need no look at
    /// the next start.
    private mutating func writeMarks() throws(LedgerError) {
        let moved = segments.filter { $0.value.mark != $0.value.end }
        guard !moved.isEmpty else { return }
        let update = try database.prepare(
            "UPDATE jobs SET mark_segment = ?, mark_offset = ? WHERE id = ?"
        )
        try database.transaction { () throws(LedgerError) in
            for (job, slot) in moved {
                let end = slot.end
                try update.run(
                    .integer(end.segment),
                    .integer(end.offset),
                    .text(job.description)
                )
            }
        }
        for slot in moved.values { slot.mark = slot.end }
    }
}
