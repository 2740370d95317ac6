import CommandLine
import Records
import Scheduling

extension JobOptions {
    /// What the options say of every record.
    static func taskOptions(_ command: ParsedCommand) throws(UsageError) -> TaskOptions {
        let task = try command.choice("task", as: TaskOptions.Task.self) ?? .classify
        var options = try answerOptions(command, task)
        // Named or not, the usual field makes the same job.
        let usualField = options.task == .generate ? nil : "text"
        options.textField = command.string("text-field") ?? usualField
        options.idField = command.string("id-field") ?? options.idField
        options.carry = (command.string("carry") ?? "").split(separator: ",").map(String.init)
        options.maxLineBytes =
            try command.int("max-line-bytes", in: TaskOptions.lineBytes) ?? options.maxLineBytes
        return options
    }

    /// What the options say of answers, whatever the texts come from.
    static func answerOptions(
        _ command: ParsedCommand,
        _ task: TaskOptions.Task
    ) throws(UsageError) -> TaskOptions {
        var options = TaskOptions()
        options.task = task
        try checkUse(command, of: task)
        options.dtype = try numberType(command).type
        options.maxLength = try command.int("max-length", in: TaskOptions.lengths)
        options.truncate = try command.choice("truncate", as: TaskOptions.Truncation.self)
        options.topLabels = try command.int("top-labels", in: TaskOptions.labelCounts)
        options.tokenIDs = command.flag("token-ids")
        options.choices = command.strings("choices")
        options.choiceScore =
            try command.choice("choice-score", as: TaskOptions.ChoiceScore.self)
            ?? options.choiceScore
        options.pooling =
            try command.choice("pooling", as: TaskOptions.Pooling.self) ?? options.pooling
        options.seed = try seed(command)
        options.generation = try generation(command)
        if let fault = options.fault { throw refusal(fault) }
        return options
    }

    /// What the options say of the engine's numbers.
    static func numberType(_ command: ParsedCommand) throws(UsageError) -> NumberTypeWish {
        try command.choice("dtype", as: NumberTypeWish.self) ?? .f32
    }

    /// Options that say something of one task alone.
    private static let uses: [(task: TaskOptions.Task, options: [String])] = [
        (.classify, ["top-labels", "choices", "choice-score"]),
        (.embed, ["pooling"]),
        (
            .generate,
            GenerationOptions.Parameter.allCases.map { flag($0.rawValue) } + ["stop", "seed"]
        ),
    ]

    /// Refuses options that would change nothing: whoever gives one expects something of it.
    private static func checkUse(
        _ command: ParsedCommand,
        of task: TaskOptions.Task
    ) throws(UsageError) {
        for use in uses where use.task != task {
            guard let option = use.options.first(where: command.isGiven) else { continue }
            throw .idleOption(
                "--\(option)",
                beside: "for the task \(task.rawValue)",
                advice: "say --task \(use.task.rawValue)"
            )
        }
        if command.isGiven("choice-score"), command.strings("choices").isEmpty {
            throw .idleOption(
                "--choice-score",
                beside: "without --choices",
                advice: "name the choices"
            )
        }
    }

    private static func generation(
        _ command: ParsedCommand
    ) throws(UsageError) -> GenerationOptions {
        var options = GenerationOptions()
        for parameter in GenerationOptions.Parameter.allCases {
            options[parameter] = try command.double(
                flag(parameter.rawValue),
                expected: parameter.expected,
                where: parameter.allows
            )
        }
        if command.isGiven("stop") { options.stop = command.strings("stop") }
        return options
    }

    private static func seed(_ command: ParsedCommand) throws(UsageError) -> UInt64 {
        guard let text = command.string("seed") else { return 0 }
        guard let seed = UInt64(text) else {
            throw .invalidValue(
                option: "--seed",
                expected: "a whole number from 0 to \(UInt64.max)",
                got: text
            )
        }
        return seed
    }

    /// How many error answers a job may have; nil where nothing is said of it.
    static func errorBudget(_ command: ParsedCommand) throws(UsageError) -> ErrorBudget? {
        guard let text = command.string("max-errors") else { return nil }
        let budget: ErrorBudget? =
            if text.hasSuffix("%") {
                Double(text.dropLast()).map(ErrorBudget.percent)
            } else {
                Int(text).map(ErrorBudget.records)
            }
        guard let budget, budget.isSound else {
            throw .invalidValue(
                option: "--max-errors",
                expected: "a whole number from 0, or a percentage such as 5%",
                got: text
            )
        }
        return budget
    }

    private static func refusal(_ fault: OptionFault) -> UsageError {
        let option = "--\(flag(fault.name))"
        return .invalidValues(option: option, expected: fault.expected, got: fault.got)
    }

    /// A flag is spelled like the record's field, with dashes.
    private static func flag(_ field: String) -> String {
        field.map { $0 == "_" ? "-" : String($0) }.joined()
    }
}
