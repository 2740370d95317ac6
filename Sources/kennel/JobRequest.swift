import CommandLine
import Coordinator
import Doge
import Glibc
import Platform
import Records

/// A job as it was asked for on the command line, checked as far as that is possible at once.
struct JobRequest {
    var specification: JobSpecification
    /// Folder in which progress is kept.
    var state: String

    init(_ command: ParsedCommand) throws(CommandFailure) {
        let options: TaskOptions
        let model: String
        let output: String
        do throws(UsageError) {
            options = try JobOptions.taskOptions(command)
            model = try command.require("model", command.string("model"))
            output = try command.require("output", command.string("output"))
        } catch {
            throw CommandFailure(error)
        }
        try Self.checkCarried(options)
        let inputs = try Self.inputs(command.arguments)
        let digest: String
        do throws(ModelError) {
            digest = try ModelDigest.compute(directory: model)
        } catch {
            throw CommandFailure(error)
        }
        let absoluteOutput = Files.absolute(output)
        try Self.checkFolder(of: absoluteOutput, flag: "--output")
        let rejects = command.string("rejects").map(Files.absolute)
        if let rejects { try Self.checkFolder(of: rejects, flag: "--rejects") }
        specification = JobSpecification(
            inputs: inputs,
            modelPath: Files.absolute(model),
            modelDigest: digest,
            options: options,
            output: absoluteOutput,
            rejects: rejects,
            replacesOutput: command.flag("force")
        )
        state = command.string("state").map(Files.absolute) ?? Self.defaultState(absoluteOutput)
    }

    private static func checkCarried(_ options: TaskOptions) throws(CommandFailure) {
        for name in options.carry where AnswerWriter.reservedFields.contains(name) {
            throw .usage(
                "--carry \(name): an answer has a field of that name itself; "
                    + "rename the field in the input"
            )
        }
    }

    private static func checkFolder(of path: String, flag: String) throws(CommandFailure) {
        let folder = Files.directory(of: path)
        guard access(folder, W_OK) == 0 else {
            throw .usage("\(flag) \(path): the folder \(folder) does not exist or is not writable")
        }
    }

    private static func inputs(
        _ paths: [String]
    ) throws(CommandFailure) -> [JobSpecification.Input] {
        guard !paths.isEmpty else {
            throw .usage("no input is named; name JSONL files, as in kennel run corpus.jsonl ...")
        }
        var inputs: [JobSpecification.Input] = []
        for path in paths {
            do throws(SystemCallError) {
                let file = try FileDescriptor(opening: path)
                let status = try file.status()
                inputs.append(
                    JobSpecification.Input(
                        path: Files.absolute(path),
                        byteCount: status.byteCount,
                        modificationTime: status.modificationTime,
                        spool: nil
                    )
                )
            } catch {
                throw .usage("\(error)")
            }
        }
        return inputs
    }

    /// Beside the output; where that lies on another machine's disk, in the user's own folder.
    private static func defaultState(_ output: String) -> String {
        guard StateDirectory.isOnNetwork(output) else { return "\(output).kennel" }
        let name = output.map { $0 == "/" ? "_" : String($0) }.joined()
        return "\(StateOption.userState)/\(name)"
    }
}
