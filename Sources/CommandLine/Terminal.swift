import Glibc

/// What a file descriptor leads to.
///
/// Nothing in this module uses colour, so NO_COLOR has nothing to turn off.
package enum Terminal {
    /// The columns assumed where there is no terminal to ask.
    package static let standardWidth = 80

    /// Whether a line on this descriptor can be redrawn: a terminal, and not a dumb one.
    package static func canRedraw(_ descriptor: Int32) -> Bool {
        guard isatty(descriptor) == 1 else { return false }
        return getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// The columns of the terminal, or 80 where it is none or does not know its size.
    package static func width(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return standardWidth
        }
        return Int(size.ws_col)
    }
}
