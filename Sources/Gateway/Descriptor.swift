import Glibc

/// Owns a file descriptor and closes it.
struct Descriptor: ~Copyable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Gives the descriptor to someone else, who closes it.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}
