import CLinux
import Glibc
import Platform

/// Processes of our own.
enum Process {
    /// Starts this program once more, as a child that never outlives the calling thread.
    static func startAgain(_ words: [String]) throws(SystemCallError) -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        // A crash's report would outlive whoever is killed while it is made, and keep our output
        // open. Whoever wants reports says so: the first of two settings counts.
        var environment = inherited() + [strdup("SWIFT_BACKTRACE=enable=no"), nil]
        defer {
            arguments.forEach { free($0) }
            environment.forEach { free($0) }
        }
        // Replaced on the disk or moved, the running program is still found here.
        let path = "/proc/self/exe"
        let process = kennel_start_tied(path, &arguments, &environment)
        guard process > 0 else { throw SystemCallError("start", path, code: -process) }
        return process
    }

    /// Copies of this process's own settings; its threads must not see any of them change.
    private static func inherited() -> [UnsafeMutablePointer<CChar>?] {
        var settings: [UnsafeMutablePointer<CChar>?] = []
        var next = environ
        while let setting = next.pointee {
            settings.append(strdup(setting))
            next += 1
        }
        return settings
    }
}
