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
}
