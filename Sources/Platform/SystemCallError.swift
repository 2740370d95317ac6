import Glibc

/// A failed call of the operating system: what was tried, on what, and the system's own reason.
package struct SystemCallError: Error, Equatable, CustomStringConvertible {
    /// What was being done, as a verb phrase: "open", "append to".
    package let operation: String
    /// The file or thing that it was done to.
    package let subject: String
    /// The system's number for the reason.
    package let code: Int32

    /// Describes a failure of `operation` on `subject`; by default with the current errno.
    package init(_ operation: String, _ subject: String, code: Int32 = errno) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    /// One phrase without a remedy, as only the caller knows what to do.
    package var description: String { "cannot \(operation) \(subject): \(reason)" }

    /// The system's own words for the reason.
    package var reason: String { String(cString: strerror(code)) }
}
