import CSQLite
import Glibc
import Platform
import Scheduling

/// A copy of a ledger and its answers that is being made while the ledger is in use.
///
/// A folder with `ledger.sqlite` and `data`, like the state folder itself; `ledger.sqlite` takes
/// its name last, when all the rest is on the disk.
package final class LedgerBackup: @unchecked Sendable {  // only the ledger's thread steps it
    /// How far the copy of the rows is.
    package struct Progress: Sendable {
        /// Pages that are still to be copied; rows that are written meanwhile are copied too.
        package let remaining: Int
        /// Pages of the ledger.
        package let total: Int
    }

    private let state: String
    private let folder: String
    private let copy: Database
    private var handle: OpaquePointer?
    /// Files of the state folder that must outlive the job that they belong to, by other names.
    private var pinned: [(from: String, to: String, job: JobID, segment: Int)] = []

    /// Pages of one step: it holds up the ledger's thread for a millisecond or two.
    private static let pagesPerStep: Int32 = 256
    private var partial: String { "\(folder)/ledger.sqlite-partial" }
    private var pins: String { "\(state)/data/backup" }

    /// Begins a copy into a folder, which is made; one with anything in it is refused.
    package init(of state: String, to folder: String) throws(LedgerError) {
        self.state = state
        self.folder = folder
        let names = try LedgerError.wrap { () throws(SystemCallError) in
            try Files.makeDirectory("\(folder)/data/out")
            return try Files.names(in: folder) + Files.names(in: "\(folder)/data/out")
        }
        guard names == ["data"] else { throw .occupied(path: folder) }
        copy = try Database.openCopy(path: "\(folder)/ledger.sqlite-partial")
    }

    deinit {
        for pin in pinned { unlink(pin.from) }
        rmdir(pins)
        // What is not whole shall not be taken for a backup.
        unlink(partial)
    }

    /// Copies some rows; on the ledger's thread.
    ///
    /// - Returns: what is left, or nil once nothing is: then the answers may be copied.
    package func step(_ ledger: borrowing Ledger) throws(LedgerError) -> Progress? {
        if handle == nil {
            handle = sqlite3_backup_init(copy.handle, "main", ledger.database.handle, "main")
        }
        guard let handle else { throw failure(sqlite3_extended_errcode(copy.handle)) }
        let status = sqlite3_backup_step(handle, Self.pagesPerStep)
        switch status {
        case SQLITE_OK, SQLITE_BUSY, SQLITE_LOCKED:
            return Progress(
                remaining: Int(sqlite3_backup_remaining(handle)),
                total: Int(sqlite3_backup_pagecount(handle))
            )
        case SQLITE_DONE:
            cancel()
            try pin(ledger)
            return nil
        default:
            cancel()
            throw failure(status)
        }
    }

    /// Gives up the copy of rows; on the ledger's thread, where it may not be finished.
    package func cancel() {
        sqlite3_backup_finish(handle)
        handle = nil
    }

    private func failure(_ code: Int32) -> LedgerError {
        let message = String(cString: sqlite3_errstr(code))
        return .database(path: partial, operation: "copy", code: code, message: message)
    }

    /// Gives the answers of the moment second names: a job may end and be cleared away meanwhile.
    private func pin(_ ledger: borrowing Ledger) throws(LedgerError) {
        let jobs = try ledger.jobRows(where: "state NOT IN (\(Ledger.finalStates))").map(\.0)
        try LedgerError.wrap { () throws(SystemCallError) in
            try Files.makeDirectory(pins)
            for job in jobs {
                let directory = Segments.directory(state: state, job: job.id.description)
                guard Files.exists(directory) else { continue }
                for name in try Files.names(in: directory) {
                    guard let segment = Segments.number(name) else { continue }
                    let second = "\(pins)/\(job.id)-\(name)"
                    unlink(second)
                    guard link("\(directory)/\(name)", second) == 0 else {
                        throw SystemCallError("link", second)
                    }
                    let target = Segments.directory(state: folder, job: job.id.description)
                    pinned.append((second, "\(target)/\(name)", job.id, segment))
                }
            }
        }
    }

    /// Copies the answers that the copied rows refer to, then names the copy; any thread.
    ///
    /// - Returns: bytes of answers.
    package func copyAnswers(isEnding: () -> Bool) throws(LedgerError) -> Int {
        // Like the ledger it would leave files beside it, whose names are not those of the copy.
        try copy.execute("PRAGMA locking_mode = EXCLUSIVE")
        try copy.execute("PRAGMA journal_mode = DELETE")
        try copy.execute("PRAGMA locking_mode = NORMAL")
        var byteCount = 0
        for pin in pinned {
            let end = try end(of: pin.segment, in: pin.job)
            guard end > 0 else { continue }
            try LedgerError.wrap { () throws(SystemCallError) in
                try Files.makeDirectory(Files.directory(of: pin.to))
                try Self.copy(pin.from, to: pin.to, byteCount: end, isEnding: isEnding)
            }
            byteCount += end
        }
        try LedgerError.wrap { () throws(SystemCallError) in
            for job in Set(pinned.map(\.job)) {
                let directory = Segments.directory(state: folder, job: job.description)
                if Files.exists(directory) { try Files.synchronizeDirectory(directory) }
            }
            try Files.rename(partial, to: Ledger.path(state: folder))
            try Files.synchronizeDirectory(folder)
        }
        return byteCount
    }

    /// The bytes of a segment that rows of the copy refer to.
    private func end(of segment: Int, in job: JobID) throws(LedgerError) -> Int {
        var end = 0
        try copy.prepare(
            """
            SELECT coalesce(max(segment_offset + answer_bytes), 0) FROM shards
            WHERE job = (SELECT number FROM jobs WHERE id = ?) AND segment = ?
                AND lease IS NOT NULL
            """
        ).rows(.text(job.description), .integer(segment)) { end = $0.integer(0) }
        return end
    }

    private static func copy(
        _ from: String,
        to path: String,
        byteCount: Int,
        isEnding: () -> Bool
    ) throws(SystemCallError) {
        let source = try FileDescriptor(opening: from)
        let target = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_EXCL)
        var offset = 0
        while offset < byteCount {
            guard !isEnding() else { throw SystemCallError("go on with", path, code: EINTR) }
            let bytes = try source.read(count: min(1 << 20, byteCount - offset), at: offset)
            guard !bytes.isEmpty else { throw SystemCallError("read", from, code: EIO) }
            try target.write(bytes, at: offset)
            offset += bytes.count
        }
        try target.synchronizeData()
    }
}
