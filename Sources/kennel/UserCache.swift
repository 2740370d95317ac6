import Doge
import Glibc

/// Where this user's processes keep what only spares time, by the XDG rules.
enum UserCache {
    /// What is known of models' files; nil where the environment names no home, or
    /// KENNEL_DIGEST_CACHE is "off".
    static func digests() throws(CommandFailure) -> DigestCache? {
        try digests { name in getenv(name).map { String(cString: $0) } }
    }

    /// The same in another environment.
    static func digests(
        _ value: (_ variable: String) -> String?
    ) throws(CommandFailure) -> DigestCache? {
        switch value("KENNEL_DIGEST_CACHE") ?? "" {
        case "", "on": break
        case "off": return nil
        case let other:
            throw .usage(
                "KENNEL_DIGEST_CACHE is \(other.debugDescription), which means nothing; "
                    + "say off to read every model's files each time, or unset it"
            )
        }
        let home = value("HOME").flatMap { $0.hasPrefix("/") ? "\($0)/.cache" : nil }
        let named = value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (named ?? home).map { DigestCache(folder: "\($0)/kennel") }
    }
}
