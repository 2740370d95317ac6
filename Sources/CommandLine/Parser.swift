/// What a command line asks for.
package enum Invocation: Sendable, Equatable {
    /// To run a command.
    case command(ParsedCommand)
    /// To print a page of help.
    case help(HelpPage)
    /// To print this version.
    case version(String)
}

extension CommandSpecification {
    /// Reads the words that follow the program's name.
    ///
    /// Traps if the declarations contradict each other. `--help` and `-h` are known everywhere,
    /// `help COMMAND` to each command with subcommands; such a command alone answers with its help.
    package func parse(_ words: [String]) throws(UsageError) -> Invocation {
        checkDeclarations()
        var parser = Parser(root: self, words: words[...])
        return try parser.run()
    }
}

/// One pass over the words of a command line.
struct Parser {
    private var words: ArraySlice<String>
    private var trail: [CommandSpecification]
    private var values: [String: [String]] = [:]
    private var arguments: [String] = []
    /// Set where the words turn out to ask for help or the version.
    private var answer: Invocation?

    init(root: CommandSpecification, words: ArraySlice<String>) {
        self.trail = [root]
        self.words = words
    }

    private var command: CommandSpecification { trail[trail.count - 1] }
    private var commandName: String { trail.map(\.name).joined(separator: " ") }

    mutating func run() throws(UsageError) -> Invocation {
        var optionsEnded = false
        while let word = words.popFirst() {
            if optionsEnded || !Self.looksLikeOption(word) {
                try takeArgument(word)
            } else if word == "--" {
                optionsEnded = true
            } else if word.hasPrefix("--") {
                try takeLong(word.dropFirst(2))
            } else {
                try takeShort(word.dropFirst())
            }
            if let answer { return answer }
        }
        guard command.subcommands.isEmpty else { return .help(HelpPage(trail: trail)) }
        if let missing = command.arguments.dropFirst(arguments.count).first, missing.isRequired {
            throw .missingArgument(missing.usage, command: commandName)
        }
        return .command(ParsedCommand(trail: trail, arguments: arguments, values: values))
    }

    /// Tells options from arguments: a lone dash and a negative number are arguments.
    private static func looksLikeOption(_ word: String) -> Bool {
        guard word.hasPrefix("-"), let second = word.dropFirst().first else { return false }
        return !second.isNumber && second != "."
    }

    private mutating func takeArgument(_ word: String) throws(UsageError) {
        if !command.subcommands.isEmpty { return try takeCommand(word) }
        let isFull = arguments.count >= command.arguments.count
        if isFull, command.arguments.last?.isRepeated != true {
            throw .surplusArgument(got: word, limit: arguments.count, command: commandName)
        }
        arguments.append(word)
    }

    private mutating func takeCommand(_ word: String) throws(UsageError) {
        if word == "help" {
            while let next = words.popFirst() { try descend(to: next) }
            answer = .help(HelpPage(trail: trail))
        } else {
            try descend(to: word)
        }
    }

    private mutating func descend(to word: String) throws(UsageError) {
        guard let next = command.subcommands.first(where: { $0.name == word }) else {
            let known = command.subcommands.filter { !$0.isHidden }.map(\.name)
            throw .unknownCommand(
                word,
                parent: commandName,
                nearest: Spelling.nearest(to: word, among: known)
            )
        }
        trail.append(next)
    }

    private mutating func takeLong(_ body: Substring) throws(UsageError) {
        let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let (name, attached) = (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
        if let answered = builtIn(name) {
            if let attached { throw .surplusValue(flag: "--\(name)", got: attached) }
            answer = answered
            return
        }
        guard let option = command.options.first(where: { $0.name == name }) else {
            throw unknown(name)
        }
        try take(option, attached: attached)
    }

    private func builtIn(_ name: String) -> Invocation? {
        if name == "help" { return .help(HelpPage(trail: trail)) }
        guard name == "version", trail.count == 1, let version = command.version else { return nil }
        return .version("\(command.name) \(version)")
    }

    private func unknown(_ name: String) -> UsageError {
        let owner = command.subcommands.first { below in
            !below.isHidden && below.options.contains { $0.name == name && !$0.isHidden }
        }
        if let owner {
            return .optionBeforeCommand("--\(name)", command: "\(commandName) \(owner.name)")
        }
        let known = command.options.filter { !$0.isHidden }.map(\.name) + ["help"]
        let nearest = Spelling.nearest(to: name, among: known)
        return .unknownOption("--\(name)", command: commandName, nearest: nearest.map { "--\($0)" })
    }

    /// Reads `-v`, `-vq` (two flags), `-j4` and `-j 4`.
    private mutating func takeShort(_ letters: Substring) throws(UsageError) {
        var rest = letters
        while let letter = rest.popFirst() {
            if letter == "h" {
                answer = .help(HelpPage(trail: trail))
                return
            }
            guard let option = command.options.first(where: { $0.short == letter }) else {
                throw .unknownOption("-\(letter)", command: commandName, nearest: nil)
            }
            if option.kind == .flag {
                try take(option, attached: nil)
            } else {
                return try take(option, attached: rest.isEmpty ? nil : String(rest))
            }
        }
    }

    private mutating func take(
        _ option: OptionSpecification,
        attached: String?
    ) throws(UsageError) {
        guard let placeholder = option.placeholder else {
            if let attached { throw .surplusValue(flag: option.typed, got: attached) }
            values[option.name] = []
            return
        }
        let value: String
        if let attached {
            value = attached
        } else if let next = words.first, !Self.looksLikeOption(next) {
            words.removeFirst()
            value = next
        } else {
            throw .missingValue(
                option: option.typed,
                placeholder: placeholder,
                next: words.first
            )
        }
        guard !value.isEmpty else { throw .emptyValue(option.typed, placeholder: placeholder) }
        if case .value = option.kind, let first = values[option.name]?.first {
            throw .repeatedOption(option.typed, first: first, second: value)
        }
        try append(value, to: option, placeholder)
    }

    /// Takes a value, or all that a separator parts.
    private mutating func append(
        _ value: String,
        to option: OptionSpecification,
        _ placeholder: String
    ) throws(UsageError) {
        let parts = option.separator.map {
            value.split(separator: $0, omittingEmptySubsequences: false).map(String.init)
        }
        for part in parts ?? [value] {
            guard !part.isEmpty else { throw .emptyValue(option.typed, placeholder: placeholder) }
            values[option.name, default: []].append(part)
        }
    }
}
