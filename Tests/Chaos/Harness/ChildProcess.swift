package import Glibc
import Platform

/// A process that a test started; it is killed with its owner, and with the thread that started it.
package final class ChildProcess {
    /// How a process ended.
    package enum End: Equatable, CustomStringConvertible {
        /// It left by itself.
        case code(Int32)
        /// A signal ended it.
        case signal(Int32)

        /// As in "with exit code 74".
        package var description: String {
            switch self {
            case .code(let code): "with exit code \(code)"
            case .signal(let signal): "by signal \(signal)"
            }
        }
    }

    /// The system's number for it.
    package let process: pid_t
    /// Where what it says to its standard output goes.
    package let outputPath: String
    /// Where what it says to its standard error goes.
    package let errorsPath: String
    private var known: End?

    /// Starts a program found in PATH; what it says is appended to `log`.out and `log`.err.
    ///
    /// The kernel kills it when the calling thread ends, so none outlives a test.
    package init(_ words: [String], log: String) throws {
        outputPath = "\(log).out"
        errorsPath = "\(log).err"
        let tied = ["setpriv", "--pdeathsig", "KILL"] + words
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorsPath, flags, 0o600)
        var arguments: [UnsafeMutablePointer<CChar>?] = tied.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, tied[0], &actions, nil, &arguments, environ)
        guard code == 0 else { throw SystemCallError("start", tied[0], code: code) }
        self.process = process
    }

    deinit {
        kill()
    }

    /// How it ended; nil while it lives.
    package var end: End? {
        if let known { return known }
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        let signal = status & 0x7F
        known = signal == 0 ? .code(status >> 8 & 0xFF) : .signal(signal)
        return known
    }

    /// Whether it has not ended yet, also where it is stopped.
    package var isAlive: Bool { end == nil }

    /// Sends a signal; to one that has ended, none.
    package func signal(_ number: Int32) {
        if isAlive { Glibc.kill(process, number) }
    }

    /// Kills it and waits until it is gone.
    package func kill() {
        signal(SIGKILL)
        // A killed process is gone at once, unless the disk holds it.
        while isAlive { poll(nil, 0, 1) }
    }

    /// Waits for its end.
    @discardableResult
    package func end(within limit: Duration) throws -> End {
        try Waiting.until("process \(process) ended", within: limit, everyMilliseconds: 1) {
            !isAlive
        }
        guard let known else { throw ChaosFailure("process \(process) has no end") }
        return known
    }

    /// What it, and those before it with the same log, said to their standard error.
    package var errors: String { Text.of(errorsPath) }

    /// What it, and those before it with the same log, said to their standard output.
    package var output: String { Text.of(outputPath) }
}

/// Files as text.
package enum Text {
    /// All bytes of a file; none where it is not.
    package static func bytes(_ path: String) -> [UInt8] {
        guard let file = try? FileDescriptor(opening: path) else { return [] }
        var bytes: [UInt8] = []
        while let more = try? file.read(count: 1 << 20, at: bytes.count), !more.isEmpty {
            bytes += more
        }
        return bytes
    }

    /// The same as text.
    package static func of(_ path: String) -> String {
        String(decoding: bytes(path), as: UTF8.self)
    }
}
