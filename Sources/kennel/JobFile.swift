import CommandLine
import FoundationEssentials
import Platform

/// A job file: the same fields as the flags, as a JSON object; paths are relative to the file.
///
/// It is turned into the words of a command line, so that one parser checks both. What stands on
/// the command line itself counts more.
enum JobFile {
    /// A field's value.
    private enum Value: Decodable {
        case text(String)
        case flag(Bool)
        case list([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Int.self) {
                self = .text("\(number)")
            } else if let number = try? container.decode(UInt64.self) {
                self = .text("\(number)")
            } else if let number = try? container.decode(Double.self) {
                self = .text("\(number)")
            } else if let list = try? container.decode([String].self) {
                self = .list(list)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    /// Fields of `run` that say nothing to a coordinator with workers of its own.
    private static let ofRunAlone: Set<String> = [
        "workers", "threads", "replicas", "tensor-parallel", "cache-mib",
    ]

    /// Fields that name files and folders.
    private static let paths: Set<String> = ["input", "model", "output", "rejects", "state"]

    /// Puts the fields of a job file in the place of its name; other commands stay as they are.
    static func expand(
        _ command: ParsedCommand,
        _ specification: CommandSpecification
    ) throws(CommandFailure) -> ParsedCommand {
        guard let path = command.arguments.first, command.arguments.count == 1,
            path.hasSuffix(".json")
        else { return command }
        let fields = try read(path)
        let folder = Files.directory(of: Files.absolute(path))
        var words: [String] = []
        var lists: [String: [String]] = [:]
        var inputs: [String] = []
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            let texts = try texts(value, name, path).map { text in
                paths.contains(name) && !text.hasPrefix("/") && text != "-"
                    ? "\(folder)/\(text)" : text
            }
            if name == "input" {
                inputs = texts
                continue
            }
            let option = specification.options.first { $0.name == name }
            if option == nil, ofRunAlone.contains(name) { continue }
            guard let option else {
                throw .usage(
                    "the job file \(path) has the field \"\(name)\", which is no option of "
                        + "\(command.name); see \(command.name) --help"
                )
            }
            if command.isGiven(name) { continue }
            switch (value, option.kind) {
            case (.flag(let isSet), _): if isSet { words.append("--\(name)") }
            case (.list(let list), .list): lists[name] = list
            default: words += texts.map { "--\(name)=\($0)" }
            }
        }
        guard !inputs.isEmpty else {
            throw .usage("the job file \(path) names no \"input\"; give it a list of files")
        }
        words += given(command, specification)
        let parsed = try parse(command, words + ["--"] + inputs)
        return lists.reduce(parsed) { $0.setting($1.key, to: $1.value) }
    }

    private static func read(_ path: String) throws(CommandFailure) -> [String: Value] {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            let file = try FileDescriptor.regular(path)
            bytes = try file.read(count: 1 << 20, at: 0)
        } catch {
            throw .usage("\(error)")
        }
        do {
            return try JSONDecoder().decode([String: Value].self, from: Data(bytes))
        } catch {
            throw .usage(
                "the job file \(path) is no JSON object of strings, numbers, truth values and "
                    + "lists of strings; see jobs/debian-sections/job.json for one"
            )
        }
    }

    private static func texts(
        _ value: Value,
        _ name: String,
        _ path: String
    ) throws(CommandFailure) -> [String] {
        switch value {
        case .text(let text): [text]
        case .flag: []
        case .list(let list): name == "input" ? list : [list.joined(separator: ",")]
        }
    }

    /// The options of the command line itself, as words again.
    private static func given(
        _ command: ParsedCommand,
        _ specification: CommandSpecification
    ) -> [String] {
        specification.options.filter { command.isGiven($0.name) }.flatMap { option in
            switch option.kind {
            case .flag: ["--\(option.name)"]
            case .value: ["--\(option.name)=\(command.string(option.name) ?? "")"]
            case .list: command.strings(option.name).map { "--\(option.name)=\($0)" }
            }
        }
    }

    private static func parse(
        _ command: ParsedCommand,
        _ words: [String]
    ) throws(CommandFailure) -> ParsedCommand {
        do throws(UsageError) {
            guard case .command(let parsed) = try command.program.parse(command.path + words)
            else { preconditionFailure("options of a job file never ask for help") }
            return parsed
        } catch {
            throw CommandFailure(error)
        }
    }
}
