/// A command as a value: what it is called, what it takes, and what its help says.
///
/// A command either has subcommands or does something itself. Parsing checks the declarations first
/// and traps on a contradiction, since that is our own bug.
package struct CommandSpecification: Sendable, Equatable {
    /// A use of the command worth showing.
    package struct Example: Sendable, Equatable {
        /// The line as it is typed.
        package let line: String
        /// What it does, in one sentence.
        package let meaning: String

        /// Makes an example of a line and its meaning.
        package init(_ line: String, _ meaning: String) {
            self.line = line
            self.meaning = meaning
        }
    }

    /// A way for the process to end.
    package struct ExitCode: Sendable, Equatable {
        /// The status that the shell sees.
        package let code: Int32
        /// When the process ends so.
        package let meaning: String

        /// Makes an exit code of a status and its meaning.
        package init(_ code: Int32, _ meaning: String) {
            self.code = code
            self.meaning = meaning
        }
    }

    /// The word that is typed.
    package let name: String
    /// One sentence for lists of commands.
    package let summary: String
    /// Paragraphs parted by empty lines; lines that begin with a space are kept as they are.
    package let discussion: String
    /// The heading of the parent's help under which the command stands.
    package let section: String
    /// Whether help and suggestions leave the command out.
    package let isHidden: Bool
    /// What the command takes besides options, in order.
    package let arguments: [ArgumentSpecification]
    /// The options, in the order of help.
    package let options: [OptionSpecification]
    /// The commands below this one.
    package let subcommands: [CommandSpecification]
    /// Lines worth copying.
    package let examples: [Example]
    /// How the process may end; a command that names none shows its parent's.
    package let exitCodes: [ExitCode]
    /// What `--version` prints; only the topmost command may have one.
    package let version: String?

    /// Declares a command; what is left out is empty.
    package init(
        name: String,
        summary: String,
        discussion: String = "",
        section: String = "Commands",
        isHidden: Bool = false,
        arguments: [ArgumentSpecification] = [],
        options: [OptionSpecification] = [],
        subcommands: [CommandSpecification] = [],
        examples: [Example] = [],
        exitCodes: [ExitCode] = [],
        version: String? = nil
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.section = section
        self.isHidden = isHidden
        self.arguments = arguments
        self.options = options
        self.subcommands = subcommands
        self.examples = examples
        self.exitCodes = exitCodes
        self.version = version
    }
}

/// One argument of a command: something that is given by its place and not by a name.
package struct ArgumentSpecification: Sendable, Equatable {
    /// How many of it a command takes.
    package enum Count: Sendable, Equatable {
        /// Exactly one.
        case one
        /// One or none.
        case optional
        /// At least one; only the last argument may be repeated.
        case oneOrMore
        /// Any number; only the last argument may be repeated.
        case zeroOrMore
    }

    /// The word that help shows, in capitals.
    package let name: String
    /// How many the command takes.
    package let count: Count
    /// The help sentence.
    package let summary: String

    /// Declares an argument.
    package init(_ name: String, count: Count = .one, _ summary: String) {
        self.name = name
        self.count = count
        self.summary = summary
    }

    /// Whether the command line must hold it.
    var isRequired: Bool { count == .one || count == .oneOrMore }

    /// Whether it takes all that is left.
    var isRepeated: Bool { count == .oneOrMore || count == .zeroOrMore }

    /// The name as usage lines show it, such as `[INPUT...]`.
    var usage: String {
        let word = isRepeated ? "\(name)..." : name
        return isRequired ? word : "[\(word)]"
    }
}
