import CLinux
import Glibc
import Platform

/// Processes of our own.
enum Process {
    /// Starts this program once more, as a child that never outlives the calling thread.
    static func startAgain(_ words: [String]) throws(SystemCallError) -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        // A crash's report would outlive whoever is killed while it is made, and keep our output
        // open. Whoever wants reports says so.
        setenv("SWIFT_BACKTRACE", "enable=no", 0)
        // Replaced on the disk or moved, the running program is still found here.
        let path = "/proc/self/exe"
        let process = kennel_start_tied(path, &arguments, environ)
        guard process > 0 else { throw SystemCallError("start", path, code: -process) }
        return process
    }
}
