import Glibc

/// Messages for people, on standard error.
enum Console {
    /// Writes one line; where standard error is closed there is nobody to tell.
    static func complain(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
