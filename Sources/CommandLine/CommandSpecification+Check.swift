extension CommandSpecification {
    /// Traps unless this command and all below it can be told apart and typed.
    func checkDeclarations(isRoot: Bool = true) {
        precondition(Self.isWord(name), "the command name \(name) is not lower case")
        precondition(isRoot || version == nil, "\(name) is not topmost and has a version")
        precondition(
            subcommands.isEmpty || arguments.isEmpty,
            "\(name) has both subcommands and arguments"
        )
        checkOptions(isRoot: isRoot)
        checkArguments()
        let names = Set(subcommands.map(\.name))
        precondition(names.count == subcommands.count, "\(name) has two subcommands of one name")
        precondition(!names.contains("help"), "help is built in; \(name) declares it again")
        for command in subcommands { command.checkDeclarations(isRoot: false) }
    }

    private func checkOptions(isRoot: Bool) {
        var names: Set<String> = isRoot && version != nil ? ["help", "version"] : ["help"]
        var letters: Set<Character> = ["h"]
        for option in options {
            precondition(Self.isWord(option.name), "--\(option.name) is not lower case")
            precondition(
                names.insert(option.name).inserted,
                "\(name) declares --\(option.name) twice or again"
            )
            guard let letter = option.short else { continue }
            precondition(letter.isASCII && letter.isLetter, "-\(letter) is not a letter")
            precondition(letters.insert(letter).inserted, "\(name) declares -\(letter) twice")
        }
    }

    private func checkArguments() {
        for (argument, next) in zip(arguments, arguments.dropFirst()) {
            precondition(!argument.isRepeated, "\(argument.name) is repeated and not last")
            precondition(
                argument.isRequired || !next.isRequired,
                "\(next.name) is required and follows the optional \(argument.name)"
            )
        }
    }

    /// Whether `name` can be typed as a command or an option: lower case, digits and inner dashes.
    private static func isWord(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last else { return false }
        let isBounded = first != UInt8(ascii: "-") && last != UInt8(ascii: "-")
        return isBounded
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
