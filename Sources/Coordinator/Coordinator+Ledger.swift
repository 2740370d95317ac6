package import Ledger

/// What is done with a ledger while no coordinator works with it.
extension Coordinator {
    /// Copies a ledger that no coordinator works with, and its answers, into an empty folder.
    ///
    /// - Returns: bytes of answers.
    package static func backUp(state: String, to folder: String) throws(CoordinatorError) -> Int {
        let directory = try StateDirectory(existing: state)
        do throws(LedgerError) {
            let ledger = try Ledger.visit(state: directory.path)
            let backup = try LedgerBackup(of: directory.path, to: folder)
            while try backup.step(ledger) != nil {}
            return try backup.copyAnswers { false }
        } catch {
            throw .ledger(error)
        }
    }

    /// Looks at every page and every answer of a ledger that no coordinator works with, and changes
    /// nothing: a copy that may only be read will do.
    package static func check(state: String) throws(CoordinatorError) -> LedgerCheck {
        let directory = try StateDirectory(reading: state)
        do throws(LedgerError) {
            return try LedgerCheck(state: directory.path)
        } catch {
            throw .ledger(error)
        }
    }
}
