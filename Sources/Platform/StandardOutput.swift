private import CLinux
import Glibc

/// What this process prints.
package enum StandardOutput {
    /// Has each line appear as it is printed, also where output is a file or a pipe.
    package static func printByLines() { kennel_print_by_lines() }

    /// Writes what was printed and is not written yet.
    ///
    /// - Throws: where not all was taken, now or before. A reader that has seen enough and left, as
    ///   `head` does, is no failure.
    package static func finish() throws(SystemCallError) {
        let code = kennel_finish_output()
        guard code != 0 else { return }
        var state = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&state, 1, 0) > 0, state.revents & Int16(POLLERR) != 0 { return }
        throw SystemCallError("write to", "standard output", code: code)
    }
}
