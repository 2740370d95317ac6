import CommandLine
import Coordinator
import Doge
import Platform
import Records

/// The options that every run, submission and job file share.
enum JobOptions {
    static let arguments = [
        ArgumentSpecification(
            "INPUT",
            count: .zeroOrMore,
            "JSONL files, one record a line; or one job file, a .json with the same fields."
        )
    ]

    static let specifications: [OptionSpecification] = [
        .value("model", "DIR", section: "Job", "The folder of the model."),
        .value(
            "task",
            "TASK",
            default: .value("classify"),
            section: "Job",
            "What to do with each record: classify."
        ),
        .value("output", "FILE", section: "Job", "Where the answers shall stand."),
        .value("rejects", "FILE", section: "Job", "Where input lines that failed are copied."),
        .value(
            "state",
            "DIR",
            default: .described("OUTPUT.kennel"),
            section: "Job",
            "Where progress is kept."
        ),
        .flag("force", section: "Job", "Replace an output that exists."),
        .value(
            "text-field",
            "NAME",
            default: .value("text"),
            section: "Records",
            "The field with the text."
        ),
        .value(
            "id-field",
            "NAME",
            default: .value("id"),
            section: "Records",
            "The field with the id."
        ),
        .value(
            "carry",
            "NAMES",
            section: "Records",
            "Fields copied into the answer, with commas between."
        ),
        .value(
            "max-line-bytes",
            "N",
            default: .value("4194304"),
            section: "Records",
            "The longest line; a longer one gets an error answer."
        ),
        .value(
            "max-length",
            "N",
            default: .described("the model's limit"),
            section: "Answers",
            "The most tokens of a record."
        ),
        .value(
            "truncate",
            "SIDE",
            section: "Answers",
            "Cut longer records at this side, left or right; else they get an error answer."
        ),
        .value(
            "top-labels",
            "N",
            default: .described("all"),
            section: "Answers",
            "Labels named in an answer."
        ),
        .flag("token-ids", section: "Answers", "Add the ids of the input's tokens."),
        .value(
            "dtype",
            "TYPE",
            default: .value("f32"),
            section: "Engine",
            "The engine's numbers: f32."
        ),
    ]

    /// What the options say of every record.
    static func taskOptions(_ command: ParsedCommand) throws(UsageError) -> TaskOptions {
        var options = TaskOptions()
        options.task = try command.choice("task", as: TaskOptions.Task.self) ?? .classify
        options.dtype = try command.choice("dtype", as: TaskOptions.NumberType.self) ?? .f32
        options.textField = command.string("text-field") ?? options.textField
        options.idField = command.string("id-field") ?? options.idField
        options.carry = (command.string("carry") ?? "").split(separator: ",").map(String.init)
        options.maxLineBytes =
            try command.int("max-line-bytes", in: TaskOptions.lineBytes) ?? options.maxLineBytes
        options.maxLength = try command.int("max-length", in: TaskOptions.lengths)
        options.truncate = try command.choice("truncate", as: TaskOptions.Truncation.self)
        options.topLabels = try command.int("top-labels", in: TaskOptions.labelCounts)
        options.tokenIDs = command.flag("token-ids")
        return options
    }
}
