private import CLinux
import Glibc

/// What this process prints.
package enum StandardOutput {
    /// Has each line appear as it is printed, also where output is a file or a pipe.
    package static func printByLines() { kennel_print_by_lines() }

    /// Writes what was printed and is not written yet; whether all was taken, now and before.
    ///
    /// A reader that has seen enough and left, as `head` does, counts as if it had taken all.
    package static func finish() -> Bool {
        guard kennel_finish_output() == 0 else { return true }
        var state = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLERR) != 0
    }
}
