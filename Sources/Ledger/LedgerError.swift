package import Platform

/// What can go wrong with the ledger and the answers beside it.
package enum LedgerError: Error, CustomStringConvertible {
    /// SQLite refused; `code` is its extended result code.
    case database(path: String, operation: String, code: Int32, message: String)
    /// A file beside the ledger could not be written or read.
    case file(SystemCallError)
    /// The ledger was written by another version of Kennel.
    case foreignVersion(path: String, expected: Int, got: Int)
    /// The ledger and the answers contradict each other.
    case damaged(path: String, what: String)
    /// A backup cannot go where something lies.
    case occupied(path: String)

    /// Runs file work and gives its failure as the ledger's.
    static func wrap<Value>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(LedgerError) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }

    /// Whether what stands on the disk is at fault, and trying again cannot help.
    package var isDamage: Bool {
        switch self {
        // SQLITE_CORRUPT and SQLITE_NOTADB, whose extended codes end in these bits.
        case .database(_, _, let code, _): [11, 26].contains(code & 0xFF)
        case .damaged, .foreignVersion: true
        case .file, .occupied: false
        }
    }

    /// Whether there is no room, and nothing was written: it may be tried again.
    package var isFull: Bool {
        switch self {
        case .database(_, _, let code, _): code & 0xFF == 13  // SQLITE_FULL
        case .file(let error): error.isOutOfSpace || error.isOutOfDescriptors
        case .damaged, .foreignVersion, .occupied: false
        }
    }

    /// The failure as one sentence for people: what was wrong, where, and what to do.
    package var description: String {
        switch self {
        case .database(let path, _, let code, let message) where isDamage:
            "the ledger \(path) is damaged: \(message) (SQLite code \(code)); restore it from a "
                + "backup, or start anew with an empty state folder"
        case .database(let path, _, let code, let message) where isFull:
            "there is no room for the ledger \(path): \(message) (SQLite code \(code)); nothing "
                + "acknowledged is lost: make room on its disk"
        case .file(let error) where error.isOutOfDescriptors:
            "\(error); nothing acknowledged is lost: close connections, or allow more open files"
        case .file(let error) where isFull:
            "\(error); nothing acknowledged is lost: make room on its disk"
        case .database(let path, let operation, let code, let message):
            "the ledger \(path) failed to \(operation): \(message) (SQLite code \(code)); "
                + "nothing acknowledged is lost: mend the disk and run the same command again"
        case .file(let error):
            "\(error); nothing acknowledged is lost: mend it and run the same command again"
        case .foreignVersion(let path, let expected, let got) where got < expected:
            "the ledger \(path) has schema version \(got), which this Kennel does not read; its "
                + "coordinator brings versions from 1 on to \(expected) when it starts"
        case .foreignVersion(let path, let expected, let got):
            "the ledger \(path) has schema version \(got), this Kennel knows \(expected); "
                + "use the Kennel that wrote it, or another state folder"
        case .occupied(let path):
            "\(path) is not empty; name a folder that is, or one that is not there"
        case .damaged(let path, let what):
            "\(path) is damaged: \(what); restore it from a backup, "
                + "or start anew with an empty state folder"
        }
    }
}
