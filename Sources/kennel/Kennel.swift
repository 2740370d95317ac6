import CommandLine
import Glibc
import Platform

/// The program: reads the command line and runs what it names.
enum Kennel {
    /// Runs a command line and gives the exit code.
    static func run(_ words: [String]) -> Int32 {
        do throws(CommandFailure) {
            try Descriptors.raise()
            let code = try dispatch(words)
            guard StandardOutput.finish() else {
                throw CommandFailure(
                    "standard output did not take all that was printed; "
                        + "look whether its disk is full, and run the command again",
                    exitCode: ExitCode.storage
                )
            }
            return code
        } catch {
            Console.complain("kennel: \(error.message)")
            return error.exitCode
        }
    }

    private static func dispatch(_ words: [String]) throws(CommandFailure) -> Int32 {
        // Swift puts this character where an argument is not UTF-8; the file would be another.
        if let word = words.first(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
            throw .usage("the argument \(word) is not UTF-8; rename the file, or convert the text")
        }
        let invocation: Invocation
        do throws(UsageError) {
            invocation = try specification.parse(words)
        } catch {
            throw CommandFailure(error)
        }
        switch invocation {
        case .help(let page):
            print(page.text(width: Terminal.width(of: STDOUT_FILENO)), terminator: "")
            return ExitCode.done
        case .version(let version):
            print(version)
            return ExitCode.done
        case .command(let command):
            switch command.path.first {
            case "run": return try RunCommand(command).run()
            case "coordinator": return try CoordinatorCommand(command).run()
            case "worker": return try WorkerCommand(command).run()
            case "submit": return try SubmitCommand(command).run()
            case "model": return try ModelCommand(command).run()
            case "bench":
                return try Signals.interruptibly { () throws(CommandFailure) in
                    try BenchCommand(command).run()
                }
            case "try":
                return try Signals.interruptibly { () throws(CommandFailure) in
                    try TryCommand(command).run()
                }
            case "status": return try StatusCommand(command).run()
            case "pause": return try WishCommand(.pause, command).run()
            case "resume": return try WishCommand(.resume, command).run()
            case "cancel": return try WishCommand(.cancel, command).run()
            case "ledger":
                return try Signals.interruptibly { () throws(CommandFailure) in
                    try LedgerCommand(command).run()
                }
            default: preconditionFailure("every declared command is run here")
            }
        }
    }

    static let specification = CommandSpecification(
        name: "kennel",
        summary: "Kennel runs Doge language models over whole text corpora.",
        subcommands: [
            RunCommand.specification,
            CoordinatorCommand.specification,
            WorkerCommand.specification,
            SubmitCommand.specification,
            StatusCommand.specification,
            WishCommand.pause,
            WishCommand.resume,
            WishCommand.cancel,
            LedgerCommand.specification,
            TryCommand.specification,
            BenchCommand.specification,
            ModelCommand.specification,
        ],
        exitCodes: [
            .init(ExitCode.done, "all records have an answer"),
            .init(ExitCode.doneWithFailures, "done, but some records have an error answer"),
            .init(ExitCode.usage, "the command line, the job or the model cannot be used"),
            .init(ExitCode.jobFailed, "the job failed; the same command goes on where it was"),
            .init(ExitCode.cancelled, "the job was cancelled; no output was written"),
            .init(ExitCode.paused, "the job is paused, as it has more errors than it may have"),
            .init(ExitCode.stateInUse, "another kennel works in the state folder"),
            .init(ExitCode.storage, "a disk or a file failed; the same command goes on"),
            .init(ExitCode.tryAgain, "the coordinator is away or stopping; try again later"),
            .init(ExitCode.damagedLedger, "the ledger is damaged; nothing was changed"),
            .init(ExitCode.configuration, "this machine or the set-up does not allow it"),
            .init(ExitCode.interrupted, "interrupted; the same command goes on where it was"),
        ],
        version: Version.current
    )
}
