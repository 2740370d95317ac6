import CommandLine
import Coordinator
import Doge
import Platform
import Wire

/// Why a command ends without having done what it was asked for.
struct CommandFailure: Error {
    /// One sentence, ready to be read.
    let message: String
    let exitCode: Int32

    init(_ message: String, exitCode: Int32) {
        self.message = message
        self.exitCode = exitCode
    }

    /// Something on the command line is wrong.
    static func usage(_ message: String) -> CommandFailure {
        CommandFailure(message, exitCode: ExitCode.usage)
    }

    init(_ error: UsageError) {
        self.init(error.description, exitCode: ExitCode.usage)
    }

    init(_ error: CoordinatorError) {
        self.init(error.description, exitCode: error.exitCode)
    }

    init(_ error: WireError) {
        self.init(error.description, exitCode: ExitCode.configuration)
    }

    init(_ error: ModelError) {
        self.init(error.description, exitCode: ExitCode.usage)
    }
}

/// The exit codes of Kennel.
enum ExitCode {
    static let done: Int32 = 0
    static let doneWithFailures: Int32 = 1
    static let usage: Int32 = 2
    static let jobFailed: Int32 = 3
    /// A user did not want the job any more.
    static let cancelled: Int32 = 4
    /// The job is paused, with more error answers than it may have.
    static let paused: Int32 = 5
    /// The state folder is in use.
    static let stateInUse: Int32 = 73
    /// A disk or a file failed.
    static let storage: Int32 = 74
    /// Nothing is lost, and the same command may succeed later.
    static let tryAgain: Int32 = 75
    /// The ledger is damaged.
    static let damagedLedger: Int32 = 76
    /// This machine or the command's set-up does not allow it.
    static let configuration: Int32 = 78
    static let interrupted: Int32 = 130
}
