/// A command line that fits its declarations: the command that was named, and what it was given.
///
/// Getters trap on an option that the command does not declare, or declares as another kind.
package struct ParsedCommand: Sendable, Equatable {
    private let trail: [CommandSpecification]
    private let values: [String: [String]]
    /// The arguments in order, as they were typed.
    package let arguments: [String]

    init(trail: [CommandSpecification], arguments: [String], values: [String: [String]]) {
        self.trail = trail
        self.arguments = arguments
        self.values = values
    }

    /// The declaration of the whole program, by which further words can be parsed.
    package var program: CommandSpecification { trail[0] }

    /// The names of the command below the program, such as `["model", "add"]`.
    package var path: [String] { trail.dropFirst().map(\.name) }

    /// The command as it is typed, such as `kennel model add`.
    package var name: String { trail.map(\.name).joined(separator: " ") }

    /// Whether the option stands on the command line; a default does not count.
    package func isGiven(_ option: String) -> Bool {
        _ = declaration(of: option)
        return values[option] != nil
    }

    /// Whether the flag was given.
    package func flag(_ option: String) -> Bool {
        precondition(declaration(of: option).kind == .flag, "--\(option) takes a value")
        return values[option] != nil
    }

    /// The values of a repeatable option, in order.
    package func strings(_ option: String) -> [String] {
        guard case .list = declaration(of: option).kind else {
            preconditionFailure("--\(option) is not declared as repeatable")
        }
        return values[option] ?? []
    }

    /// The command with these values of a repeatable option in place of others, none of them split.
    package func setting(_ option: String, to list: [String]) -> ParsedCommand {
        guard case .list = declaration(of: option).kind else {
            preconditionFailure("--\(option) is not declared as repeatable")
        }
        var values = values
        values[option] = list
        return ParsedCommand(trail: trail, arguments: arguments, values: values)
    }

    /// The value given, else the default declared, else nil.
    package func string(_ option: String) -> String? {
        let declared = declaration(of: option)
        guard case .value = declared.kind else {
            preconditionFailure("--\(option) is not declared as taking one value")
        }
        if let given = values[option]?.first { return given }
        guard case .value(let standard) = declared.defaultValue else { return nil }
        return standard
    }

    /// The value as a whole number within `range`.
    package func int(
        _ option: String,
        in range: ClosedRange<Int>
    ) throws(UsageError) -> Int? {
        guard let text = string(option) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let bounds = Self.describe(range, isOpen: range.upperBound == .max)
            throw .invalidValue(
                option: "--\(option)",
                expected: "a whole number \(bounds)",
                got: text
            )
        }
        return number
    }

    /// The value as a finite decimal number within `range`; its upper bound may be infinite.
    package func double(
        _ option: String,
        in range: ClosedRange<Double>
    ) throws(UsageError) -> Double? {
        let bounds = Self.describe(range, isOpen: range.upperBound == .infinity)
        return try double(option, expected: "a number \(bounds)") { range.contains($0) }
    }

    /// The value as a finite decimal number that is allowed; `expected` says which ones are.
    package func double(
        _ option: String,
        expected: String,
        where allows: (Double) -> Bool
    ) throws(UsageError) -> Double? {
        guard let text = string(option) else { return nil }
        // The initializer alone would also read "nan", "inf" and hexadecimal.
        let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        guard isDecimal, let number = Double(text), number.isFinite, allows(number) else {
            throw .invalidValue(option: "--\(option)", expected: expected, got: text)
        }
        return number
    }

    /// The value as one of `choices`.
    package func choice(
        _ option: String,
        among choices: [String]
    ) throws(UsageError) -> String? {
        guard let text = string(option) else { return nil }
        guard choices.contains(text) else {
            throw .invalidValue(
                option: "--\(option)",
                expected: "one of \(choices.joined(separator: ", "))",
                got: text,
                nearest: Spelling.nearest(to: text, among: choices)
            )
        }
        return text
    }

    /// The value as a case of an enum whose raw values are the choices.
    package func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ option: String,
        as type: Choice.Type
    ) throws(UsageError) -> Choice? {
        let choices = type.allCases.map(\.rawValue)
        return try choice(option, among: choices).flatMap(Choice.init(rawValue:))
    }

    /// Returns what a getter found, or throws that the command cannot do without the option.
    ///
    /// Used as `try command.require("model", command.string("model"))`.
    package func require<Value>(
        _ option: String,
        _ value: Value?
    ) throws(UsageError) -> Value {
        if let value { return value }
        let declared = declaration(of: option)
        throw .missingOption(
            declared.typed,
            placeholder: declared.placeholder ?? "",
            command: name
        )
    }

    private func declaration(of option: String) -> OptionSpecification {
        guard let declared = trail.last?.options.first(where: { $0.name == option }) else {
            preconditionFailure("\(name) does not declare --\(option)")
        }
        return declared
    }

    private static func describe<Bound>(_ range: ClosedRange<Bound>, isOpen: Bool) -> String {
        isOpen
            ? "of \(range.lowerBound) or more"
            : "from \(range.lowerBound) to \(range.upperBound)"
    }
}
