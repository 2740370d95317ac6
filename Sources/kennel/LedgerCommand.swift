import CommandLine
import Coordinator
import Gateway
import Glibc
import Ledger
import Platform

/// `kennel ledger`: copies of what a coordinator keeps, and a look at it.
struct LedgerCommand {
    static let specification = CommandSpecification(
        name: "ledger",
        summary: "Back up or check what a coordinator keeps.",
        subcommands: [
            CommandSpecification(
                name: "backup",
                summary: "Copy the ledger and the answers that it refers to.",
                discussion: """
                    A coordinator that works in the state folder makes the copy while it goes on; \
                    where there is none, this command does. The copy is a folder that --state \
                    takes. Inputs are no part of it, neither files nor the plain copies of them.
                    """,
                options: [
                    StateOption.specification,
                    .value(
                        "to",
                        "FOLDER",
                        "The folder of the copy, empty or not there."
                    ),
                ],
                examples: [
                    .init("kennel ledger backup --to /mnt/kennel-monday", "Copy it while it works.")
                ]
            ),
            CommandSpecification(
                name: "check",
                summary: "Look at every page of the ledger and every answer.",
                discussion: """
                    For a state folder in which no coordinator works, or a backup. Nothing is \
                    changed; the exit code is 76 where something is damaged.
                    """,
                options: [StateOption.specification]
            ),
        ]
    )

    private let state: String
    /// Where the copy goes; nil for a check.
    private let folder: String?
    private let client: ControlClient

    /// How often a backup is looked at.
    private static let pauseMicroseconds: UInt32 = 100_000

    init(_ command: ParsedCommand) throws(CommandFailure) {
        state = StateOption.path(command)
        let isBackup = command.path.last == "backup"
        folder = isBackup ? command.string("to").map(Files.absolute) : nil
        if isBackup, folder == nil {
            throw .usage("kennel ledger backup needs --to FOLDER, the folder of the copy")
        }
        client = Control.client(command)
    }

    func run() throws(CommandFailure) -> Int32 {
        do throws(CoordinatorError) {
            if let folder { try backUp(to: folder) } else { try check() }
        } catch {
            throw CommandFailure(error)
        }
        return ExitCode.done
    }

    private func check() throws(CoordinatorError) {
        let check = try Coordinator.check(state: state)
        print(
            "whole: \(Quantity.counted(check.jobs, "job")), "
                + "answers of \(Quantity.counted(check.shards, "shard")), "
                + "\(Quantity.grouped(check.bytes)) bytes"
        )
    }

    private func backUp(to folder: String) throws(CoordinatorError) {
        let byteCount =
            Files.exists(client.socketPath)
            ? try askForBackup(folder) : try Coordinator.backUp(state: state, to: folder)
        print("backup in \(folder), with \(Quantity.grouped(byteCount)) bytes of answers")
        print(
            "inputs are not in it, nor their plain copies in \(state)/data/in: "
                + "jobs that have not ended need them"
        )
    }

    /// Has the coordinator make the backup and waits for its end; where it is gone, makes it.
    private func askForBackup(_ folder: String) throws(CoordinatorError) -> Int {
        do throws(GatewayError) {
            let wish = HTTPResponse.json(ControlRoutes.Backup(folder: folder)).body
            var status = try client.post("/backup", body: wish).value(as: BackupStatus.self)
            while status.isAtWork {
                usleep(Self.pauseMicroseconds)
                status = try client.get("/backup").value(as: BackupStatus.self)
            }
            guard let failure = status.failure else { return status.answerBytes }
            throw GatewayError.problem(status: 500, code: "failed", message: failure)
        } catch {
            if case .noCoordinator = error {
                return try Coordinator.backUp(state: state, to: folder)
            }
            throw .ended(error.description, exitCode: Control.exitCode(of: error))
        }
    }
}
