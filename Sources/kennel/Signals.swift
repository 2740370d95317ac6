import Glibc

/// The signals that Kennel takes, blocked for all threads and waited for by one.
enum Signals {
    private static let endings = [SIGINT, SIGTERM, SIGHUP]

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }

    private static func handled() -> sigset_t { set(of: endings + [SIGCHLD]) }

    /// Call before the first thread is made.
    static func blockAll() {
        var set = handled()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        // A file that grows beyond a limit is an error of its write.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Runs `body`, during which Ctrl-C and its kin end the process at once.
    ///
    /// For what takes long and leaves nothing that a next start would not clear away.
    static func interruptibly<Value>(
        _ body: () throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        var endings = set(of: endings)
        pthread_sigmask(SIG_UNBLOCK, &endings, nil)
        defer { pthread_sigmask(SIG_BLOCK, &endings, nil) }
        return try body()
    }

    /// The next signal, or nil when `milliseconds` have passed without one.
    static func next(milliseconds: Int) -> Int32? {
        var set = handled()
        var time = timespec(
            tv_sec: milliseconds / 1000,
            tv_nsec: milliseconds % 1000 * 1_000_000
        )
        let signal = sigtimedwait(&set, nil, &time)
        return signal > 0 ? signal : nil
    }
}
