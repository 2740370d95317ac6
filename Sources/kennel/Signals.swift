import Glibc

/// The signals that Kennel takes, blocked for all threads and waited for by one.
enum Signals {
    private static func handled() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGCHLD, SIGHUP] { sigaddset(&set, signal) }
        return set
    }

    /// Call before the first thread is made.
    static func blockAll() {
        var set = handled()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
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
