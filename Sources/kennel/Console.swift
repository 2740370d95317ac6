import Glibc

/// Messages for people, on standard error.
enum Console {
    /// How long a reader that has fallen behind is waited for.
    private static let patienceMilliseconds: Int32 = 1_000

    /// Writes one line; where standard error is closed or stuck there is nobody to tell.
    static func complain(_ text: String) {
        var state = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&state, 1, patienceMilliseconds) == 0 { return }
        let bytes = Array("\(text)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Has lines appear on standard output as they are printed, also where it is a file or a pipe.
    static func printByLines() { setlinebuf(stdout) }

    /// Refuses to call it done where standard output did not take what was printed; a reader that has
    /// seen enough and left, as `head` does, is no failure.
    static func finish() throws(CommandFailure) {
        guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
        let reason = String(cString: strerror(errno))
        var state = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&state, 1, 0) > 0, state.revents & Int16(POLLERR) != 0 { return }
        throw CommandFailure(
            "standard output cannot be written: \(reason)",
            exitCode: ExitCode.storage
        )
    }
}
