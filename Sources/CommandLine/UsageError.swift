/// A fault in what was typed; its description is one sentence that says what to type instead.
package enum UsageError: Error, Equatable, CustomStringConvertible {
    /// `parent` has no command of that name.
    case unknownCommand(String, parent: String, nearest: String?)
    /// `command` has no option of that name.
    case unknownOption(String, command: String, nearest: String?)
    /// The option is one of `command`, which has not been named yet.
    case optionBeforeCommand(String, command: String)
    /// The line ends, or `next` stands, where the option's value belongs.
    case missingValue(option: String, placeholder: String, next: String?)
    /// The option's value is an empty text, as of a variable that is not set.
    case emptyValue(String, placeholder: String)
    /// A flag was given a value.
    case surplusValue(flag: String, got: String)
    /// An option that takes one value was given two.
    case repeatedOption(String, first: String, second: String)
    /// The value of an option is not what it takes.
    case invalidValue(option: String, expected: String, got: String, nearest: String? = nil)
    /// The values of a repeatable option are not what it takes together.
    case invalidValues(option: String, expected: String, got: String)
    /// The option changes nothing beside what else was asked for.
    case idleOption(String, beside: String, advice: String)
    /// The command cannot do without the option.
    case missingOption(String, placeholder: String, command: String)
    /// The command cannot do without the argument.
    case missingArgument(String, command: String)
    /// The command takes `limit` arguments, and `got` is one more.
    case surplusArgument(got: String, limit: Int, command: String)

    /// One sentence: what was typed, what belongs there, and where help is to be had.
    package var description: String {
        switch self {
        case .unknownCommand(let name, let parent, let nearest):
            "\(parent) has no command \(name.debugDescription); "
                + Self.advice(nearest, else: "\(parent) --help lists its commands")
        case .unknownOption(let name, let command, let nearest):
            "\(command) has no option \(name); "
                + Self.advice(nearest, else: "\(command) --help lists its options")
        case .optionBeforeCommand(let option, let command):
            "\(option) belongs after the command, as in \(command) \(option)"
        case .missingValue(let option, let placeholder, nil):
            "\(option) expects \(placeholder) after it, got the end of the line"
        case .missingValue(let option, let placeholder, let next?):
            "\(option) expects \(placeholder) after it, got \(next); "
                + "write \(option)=\(next) if that is its value"
        case .emptyValue(let option, let placeholder):
            "\(option) expects \(placeholder) after it, got an empty text"
        case .surplusValue(let flag, let got):
            "\(flag) is a flag and takes no value, got \(got.debugDescription)"
        case .repeatedOption(let option, let first, let second):
            "\(option) may be given once, got \(first.debugDescription) "
                + "and \(second.debugDescription)"
        case .invalidValue(let option, let expected, let got, let nearest):
            "\(option) expects \(expected), got \(got.debugDescription)"
                + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .invalidValues(let option, let expected, let got):
            "\(option) expects \(expected), got \(got)"
        case .idleOption(let option, let beside, let advice):
            "\(option) means nothing \(beside); leave it out, or \(advice)"
        case .missingOption(let option, let placeholder, let command):
            "\(command) needs \(option) \(placeholder); \(command) --help tells what it is"
        case .missingArgument(let argument, let command):
            "\(command) expects \(argument), got none; \(command) --help tells what it is"
        case .surplusArgument(let got, 0, let command):
            "\(command) expects no arguments, got \(got.debugDescription)"
        case .surplusArgument(let got, let limit, let command):
            "\(command) expects at most \(limit) argument\(limit == 1 ? "" : "s"), "
                + "got \(got.debugDescription) besides"
        }
    }

    private static func advice(_ nearest: String?, else help: String) -> String {
        nearest.map { "did you mean \($0)?" } ?? help
    }
}
