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
        let home = getenv("HOME").map { String(cString: $0) } ?? "/tmp"
        let base = getenv("XDG_STATE_HOME").map { String(cString: $0) } ?? "\(home)/.local/state"
        return "\(base)/kennel"
    }
}
