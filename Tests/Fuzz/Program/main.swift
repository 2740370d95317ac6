import Glibc
import TestFuzz

let command: FuzzCommand
do throws(FuzzUsage) {
    command = try FuzzCommand(CommandLine.arguments.dropFirst())
} catch {
    FuzzCommand.complain("\(error.message)\n\(FuzzCommand.usage)\n")
    exit(2)
}
exit(command.inputs.isEmpty ? command.fuzz() : command.replay())
