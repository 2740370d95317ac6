import CommandLine
import Glibc
import Platform

/// Where a coordinator of this machine keeps its state, and how it is found.
enum StateOption {
    static let specification = OptionSpecification.value(
        "state",
        "DIR",
        default: .described("~/.local/state/kennel/coordinator"),
        "The coordinator's state folder."
    )

    static func path(_ command: ParsedCommand) -> String {
        if let given = command.string("state") { return Files.absolute(given) }
        return "\(userState)/coordinator"
    }

    /// The user's own folder for state, by the XDG rules.
    static var userState: String {
        let home = folder("HOME") ?? "\(Files.temporaryFolder)/kennel-\(getuid())"
        return "\(folder("XDG_STATE_HOME") ?? "\(home)/.local/state")/kennel"
    }

    /// What a variable of the environment names, if that is a path from the root.
    private static func folder(_ variable: String) -> String? {
        guard let value = getenv(variable).map({ String(cString: $0) }), value.hasPrefix("/")
        else { return nil }
        return value
    }
}
