/// The help of one command, laid out for any width.
package struct HelpPage: Sendable, Equatable {
    /// The commands from the program down to the one the page is about.
    private let trail: [CommandSpecification]

    init(trail: [CommandSpecification]) { self.trail = trail }

    private var command: CommandSpecification { trail[trail.count - 1] }
    private var name: String { trail.map(\.name).joined(separator: " ") }

    /// Lays the page out in `width` columns (taken as 40 if less), each line ended.
    package func text(width: Int) -> String {
        let layout = TextLayout(width: width)
        var chapters = [
            layout.paragraphs(command.summary),
            layout.wrap(usage, indent: 7, hanging: "Usage: "),
        ]
        if !command.discussion.isEmpty { chapters.append(layout.paragraphs(command.discussion)) }
        for table in tables { chapters.append(layout.table(table.title, table.rows)) }
        if !command.examples.isEmpty { chapters.append(examples(layout)) }
        if let codes = trail.last(where: { !$0.exitCodes.isEmpty })?.exitCodes,
            command.subcommands.isEmpty
        {
            let rows = codes.map { TextLayout.Row(left: "\($0.code)", right: $0.meaning) }
            chapters.append(layout.table("Exit codes", rows))
        }
        if !command.subcommands.isEmpty {
            chapters.append(layout.paragraphs("\(name) COMMAND --help tells more of a command."))
        }
        return chapters.joined(separator: "\n")
    }

    private var usage: String {
        let words =
            command.subcommands.isEmpty ? command.arguments.map(\.usage) : ["COMMAND"]
        return ([name] + words + ["[OPTION...]"]).joined(separator: " ")
    }

    /// Subcommands, arguments and options, by heading, in the order of their declarations.
    private var tables: [(title: String, rows: [TextLayout.Row])] {
        var tables: [(title: String, rows: [TextLayout.Row])] = []
        func add(_ row: TextLayout.Row, to title: String) {
            if let index = tables.firstIndex(where: { $0.title == title }) {
                tables[index].rows.append(row)
            } else {
                tables.append((title, [row]))
            }
        }
        for below in command.subcommands where !below.isHidden {
            add(TextLayout.Row(left: below.name, right: below.summary), to: below.section)
        }
        for argument in command.arguments {
            add(TextLayout.Row(left: argument.usage, right: argument.summary), to: "Arguments")
        }
        for option in command.options where !option.isHidden {
            add(Self.row(option), to: option.section)
        }
        let help = OptionSpecification.flag("help", short: "h", "Print this help.")
        add(Self.row(help), to: "Options")
        if trail.count == 1, command.version != nil {
            let version = OptionSpecification.flag("version", "Print the version.")
            add(Self.row(version), to: "Options")
        }
        return tables
    }

    private static func row(_ option: OptionSpecification) -> TextLayout.Row {
        var left = option.short.map { "-\($0), " } ?? "    "
        left += option.typed
        if let placeholder = option.placeholder { left += " \(placeholder)" }
        if case .list = option.kind { left += "..." }
        let standard: String? =
            switch option.defaultValue {
            case .value(let text), .described(let text): text
            case nil: nil
            }
        let right = option.summary + (standard.map { " (default: \($0))" } ?? "")
        return TextLayout.Row(left: left, right: right)
    }

    private func examples(_ layout: TextLayout) -> String {
        // A line to copy is never wrapped: a break in it would be typed too.
        let blocks = command.examples.map { example in
            "  \(example.line)\n" + layout.wrap(example.meaning, indent: 6)
        }
        return "Examples:\n" + blocks.joined()
    }
}
