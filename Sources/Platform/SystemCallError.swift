import Glibc

/// A failed call of the operating system: what was tried, on what, and the system's own reason.
package struct SystemCallError: Error, Equatable, CustomStringConvertible {
    /// What was being done, as a verb phrase: "open", "append to".
    package let operation: String
    /// The file or thing that it was done to.
    package let subject: String
    /// The system's number for the reason.
    package let code: Int32
    /// Whether bytes that were written before may be lost: a sync failed, and no other will tell.
    package let isSync: Bool

    /// Describes a failure of `operation` on `subject`; by default with the current errno.
    package init(
        _ operation: String,
        _ subject: String,
        code: Int32 = errno,
        isSync: Bool = false
    ) {
        self.operation = operation
        self.subject = subject
        self.code = code
        self.isSync = isSync
    }

    /// The same for an open that gave no regular file, for which the system has no number.
    init(irregular path: String) {
        self.init("open", path, code: Self.irregular)
    }

    private static let irregular: Int32 = -1

    /// Whether something else stands where a regular file was to be opened.
    package var isIrregular: Bool { code == Self.irregular }

    /// Whether the disk or the user's share of it is full, and nothing was done; a sync that fails
    /// is never that.
    package var isOutOfSpace: Bool { !isSync && [ENOSPC, EDQUOT].contains(code) }

    /// Whether the process or the system has as many open files as it may, and nothing was done.
    package var isOutOfDescriptors: Bool { [EMFILE, ENFILE].contains(code) }

    /// One phrase without a remedy, as only the caller knows what to do.
    package var description: String { "cannot \(operation) \(subject): \(reason)" }

    /// The reason, in the system's own words where it has some.
    package var reason: String {
        isIrregular ? "it is not a regular file" : String(cString: strerror(code))
    }
}
