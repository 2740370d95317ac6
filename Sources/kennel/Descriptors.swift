import Glibc

/// How many files and connections this process may have open.
enum Descriptors {
    /// Enough for some ten thousand workers' connections and all files of a coordinator.
    private static let wanted: rlim_t = 65_536
    /// Below this not even a worker has its sockets, files and what libzmq opens for itself.
    private static let least: rlim_t = 64

    /// Takes as many as the system grants, and refuses to go on with too few.
    ///
    /// libzmq ends the process or waits for ever where it cannot open one of its own.
    static func raise() throws(CommandFailure) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        guard limit.rlim_cur >= least else {
            throw CommandFailure(
                "only \(limit.rlim_cur) files may be open at once, and \(least) are needed; "
                    + "allow more with ulimit -n",
                exitCode: ExitCode.configuration
            )
        }
    }
}
