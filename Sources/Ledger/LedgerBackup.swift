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
    /// Second names of files of the state folder that must outlive the job that they belong to, by
    /// job and name.
    private var pinned: [String: String] = [:]

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
        for pin in pinned.values { unlink(pin) }
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
                    guard Segments.number(name) != nil else { continue }
                    let pin = "\(job.id)-\(name)"
                    let second = "\(pins)/\(pin)"
                    unlink(second)
                    guard link("\(directory)/\(name)", second) == 0 else {
                        throw SystemCallError("link", second)
                    }
                    pinned[pin] = second
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
        var folders: Set<String> = []
        for (job, extent) in try extents() {
            let directory = Segments.directory(state: folder, job: job)
            guard let pin = pinned["\(job)-\(Segments.name(extent.segment))"] else {
                let original = Segments.directory(state: state, job: job)
                throw .damaged(
                    path: Segments.path(original, extent.segment),
                    what: "the ledger refers to \(extent.byteCount) bytes, the file is not there"
                )
            }
            try LedgerError.wrap { () throws(SystemCallError) in
                try Files.makeDirectory(directory)
                let path = Segments.path(directory, extent.segment)
                try Files.copy(pin, to: path, byteCount: extent.byteCount, isEnding: isEnding)
            }
            folders.insert(directory)
            byteCount += extent.byteCount
        }
        try LedgerError.wrap { () throws(SystemCallError) in
            for directory in folders { try Files.synchronizeDirectory(directory) }
            try Files.rename(partial, to: Ledger.path(state: folder))
            try Files.synchronizeDirectory(folder)
        }
        return byteCount
    }

    /// The segments that rows of the copy refer to, of jobs that still need them.
    private func extents() throws(LedgerError) -> [(job: String, Ledger.Extent)] {
        var extents: [(job: String, Ledger.Extent)] = []
        try copy.prepare(
            """
            SELECT id, segment, max(segment_offset + answer_bytes) FROM shards
            JOIN jobs ON jobs.number = shards.job
            WHERE lease IS NOT NULL AND state NOT IN (\(Ledger.finalStates))
            GROUP BY shards.job, segment HAVING max(segment_offset + answer_bytes) > 0
            ORDER BY shards.job, segment
            """
        ).rows { row in
            let extent = Ledger.Extent(segment: row.integer(1), byteCount: row.integer(2))
            extents.append((row.text(0), extent))
        }
        return extents
    }
}

extension Files {
    /// Copies the beginning of a file into a new one, and returns once that is on the disk.
    static func copy(
        _ from: String,
        to path: String,
        byteCount: Int,
        isEnding: () -> Bool = { false }
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
