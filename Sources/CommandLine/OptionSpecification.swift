/// One option of a command: a flag, an option with a value, or one that may be repeated.
package struct OptionSpecification: Sendable, Equatable {
    /// What follows the option's name on the command line.
    package enum Kind: Sendable, Equatable {
        /// Nothing: the option is there or it is not.
        case flag
        /// One value, shown in help as `placeholder`.
        case value(placeholder: String)
        /// One value each time the option is given.
        case list(placeholder: String)
    }

    /// What holds when the option is not given.
    package enum Default: Sendable, Equatable {
        /// This value: help shows it and the getters return it.
        case value(String)
        /// Something the program works out: help shows these words, the getters return nil.
        case described(String)
    }

    /// The long name without its dashes.
    package let name: String
    /// The letter of the short form, if there is one.
    package let short: Character?
    /// What follows the name.
    package let kind: Kind
    /// What parts the values of a repeatable option that are given at once, if anything does.
    package let separator: Character?
    /// What holds when the option is not given.
    package let defaultValue: Default?
    /// The heading of help under which the option stands.
    package let section: String
    /// Whether help and suggestions leave the option out.
    package let isHidden: Bool
    /// The help sentence.
    package let summary: String

    /// Declares a flag, such as `--wait`.
    package static func flag(
        _ name: String,
        short: Character? = nil,
        section: String = "Options",
        isHidden: Bool = false,
        _ summary: String
    ) -> Self {
        Self(
            name: name,
            short: short,
            kind: .flag,
            separator: nil,
            defaultValue: nil,
            section: section,
            isHidden: isHidden,
            summary: summary
        )
    }

    /// Declares an option with one value, such as `--model DIR`.
    package static func value(
        _ name: String,
        _ placeholder: String,
        short: Character? = nil,
        default defaultValue: Default? = nil,
        section: String = "Options",
        isHidden: Bool = false,
        _ summary: String
    ) -> Self {
        Self(
            name: name,
            short: short,
            kind: .value(placeholder: placeholder),
            separator: nil,
            defaultValue: defaultValue,
            section: section,
            isHidden: isHidden,
            summary: summary
        )
    }

    /// Declares an option that may be given several times, such as `--stop TEXT`.
    ///
    /// With a separator, one word of the command line may hold several values.
    package static func list(
        _ name: String,
        _ placeholder: String,
        separator: Character? = nil,
        short: Character? = nil,
        section: String = "Options",
        isHidden: Bool = false,
        _ summary: String
    ) -> Self {
        Self(
            name: name,
            short: short,
            kind: .list(placeholder: placeholder),
            separator: separator,
            defaultValue: nil,
            section: section,
            isHidden: isHidden,
            summary: summary
        )
    }

    /// The word that help and errors show for the value, or nil for a flag.
    var placeholder: String? {
        switch kind {
        case .flag: nil
        case .value(let placeholder), .list(let placeholder): placeholder
        }
    }

    /// The name as it is typed, such as `--model`.
    var typed: String { "--\(name)" }
}
