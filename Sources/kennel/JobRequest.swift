import CommandLine
import Coordinator
import Doge
import Glibc
import Platform
import Records
import Scheduling
import Worker

/// A job as it was asked for on the command line, checked as far as that is possible at once.
struct JobRequest {
    private(set) var specification: JobSpecification
    /// Folder in which progress is kept.
    let state: String
    private let sources: [InputSource]
    /// What was copied for it; the copies are kept from being cleared away for as long as this is.
    private let copies: InputCopies
    private let model: JobModel

    /// - Parameter state: the folder of the coordinator that takes it; nil for one of its own.
    init(_ command: ParsedCommand, state: String? = nil) throws(CommandFailure) {
        let options: TaskOptions
        let dtype: NumberTypeWish
        let folder: String
        let output: String
        do throws(UsageError) {
            options = try JobOptions.taskOptions(command)
            dtype = try JobOptions.numberType(command)
            folder = try command.require("model", command.string("model"))
            output = try command.require("output", command.string("output"))
        } catch {
            throw CommandFailure(error)
        }
        try Self.checkCarried(options)
        sources = try Self.sources(command.arguments)
        let known = try UserCache.digests()
        let digest: String
        do throws(ModelError) {
            // Before anything is said of types, and of a job that no worker could compute.
            if state == nil { _ = try InstructionSet.chosen() }
            model = try JobModel(directory: folder, options)
            digest = try ModelDigest.compute(directory: folder, cache: known).text
        } catch {
            throw CommandFailure(error)
        }
        if let sentence = dtype.sentence { Console.complain("kennel: \(sentence)") }
        let answers = try AnswerFile(output, flag: "--output", inputs: sources)
        let state =
            state ?? command.string("state").map(Files.absolute)
            ?? Self.defaultState(answers.path)
        self.state = state
        try answers.check(outsideModel: folder, state: state)
        var rejects: AnswerFile?
        if let name = command.string("rejects") {
            let file = try AnswerFile(name, flag: "--rejects", inputs: sources)
            try file.check(against: answers)
            try file.check(outsideModel: folder, state: state)
            rejects = file
        }
        specification = JobSpecification(
            inputs: sources.map {
                JobSpecification.Input(
                    path: $0.path,
                    byteCount: $0.byteCount,
                    modificationTime: $0.modificationTime,
                    spool: nil
                )
            },
            modelPath: Files.absolute(folder),
            modelDigest: digest,
            options: options,
            output: answers.path,
            rejects: rejects?.path,
            replacesOutput: command.flag("force")
        )
        let most = AnswerEstimate(options, labels: model.labels, width: model.width)
            .shardRecordsMax
        specification.shardRecordsMax = [most, try Self.shardRecords(command)]
            .compactMap(\.self).min()
        do throws(UsageError) {
            specification.maxErrors = try JobOptions.errorBudget(command)
        } catch {
            throw CommandFailure(error)
        }
        copies = InputCopies(state: state)
    }

    /// How the threads of an engine share this job's work, and why; for people.
    func layoutSentence(_ wish: EngineLayout.Wish) -> String {
        let type = DataType(specification.options.dtype)
        return wish.choice(for: model.configuration, type).sentence(type)
    }

    private static func shardRecords(
        _ command: ParsedCommand
    ) throws(CommandFailure) -> Int? {
        do throws(UsageError) {
            return try command.int("shard-records", in: 1...SchedulerLimits().shardRecordsMax)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func checkCarried(_ options: TaskOptions) throws(CommandFailure) {
        for (index, name) in options.carry.enumerated() where options.carry[..<index].contains(name)
        {
            throw .usage("--carry names \(name) twice; an answer holds each field once")
        }
        let reserved = AnswerWriter.reservedFields(of: options)
        for name in options.carry where reserved.contains(name) {
            throw .usage(
                "--carry \(name): an answer has a field of that name itself; "
                    + "rename the field in the input"
            )
        }
    }

    private static func sources(_ arguments: [String]) throws(CommandFailure) -> [InputSource] {
        guard !arguments.isEmpty else {
            throw .usage("no input is named; name JSONL files, as in kennel run corpus.jsonl ...")
        }
        return try wrap { () throws(InputFailure) in try InputResolver.resolve(arguments) }
    }

    /// The request with standard input copied into the state folder; what it holds names it.
    func withStandardInput() throws(CommandFailure) -> JobRequest {
        var request = self
        for (index, source) in sources.enumerated() where source.kind == .standardInput {
            let (spool, digest) = try spool(source)
            request.specification.inputs[index].byteCount = spool.byteCount
            request.specification.inputs[index].modificationTime = Int64(digest.low >> 1)
            request.specification.inputs[index].spool = spool
        }
        return request
    }

    /// The job with plain copies of all compressed inputs, made now.
    func spooled() throws(CommandFailure) -> JobSpecification {
        var whole = specification
        for (index, source) in sources.enumerated()
        where source.kind == .gzip || source.kind == .zstd {
            whole.inputs[index].spool = try spool(source).copy
        }
        return whole
    }

    /// Removes plain copies that nobody needs; those whose place a known job gave them are kept.
    func removeSpools(of specification: JobSpecification) {
        for input in specification.inputs {
            if let spool = input.spool { try? Files.remove(spool.path(in: state)) }
        }
    }

    private func spool(
        _ source: InputSource
    ) throws(CommandFailure) -> (copy: JobSpecification.Spool, digest: XXH3.Digest) {
        let name: String
        do throws(SystemCallError) {
            name = try copies.nextName()
        } catch {
            throw .usage("\(error)")
        }
        let plain = try Self.wrap { () throws(InputFailure) in
            try Spool.write(source, to: "\(StateDirectory.spools(state))/\(name)")
        }
        let copy = JobSpecification.Spool(
            name: name,
            byteCount: plain.byteCount,
            digest: plain.digest.text
        )
        return (copy, plain.digest)
    }

    private static func wrap<Value>(
        _ body: () throws(InputFailure) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(InputFailure) {
            return try body()
        } catch {
            throw .usage(error.description)
        }
    }

    /// Beside the output; where that lies on another machine's disk, in the user's own folder.
    private static func defaultState(_ output: String) -> String {
        guard Files.isOnNetwork(output) else { return "\(output).kennel" }
        let name = output.map { $0 == "/" ? "_" : String($0) }.joined()
        return "\(StateOption.userState)/\(name)"
    }
}
