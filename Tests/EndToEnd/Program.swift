import Glibc
import Platform

/// The built `kennel`, run as a user runs it.
struct Program {
    /// How a run ended and what it said.
    struct Outcome {
        /// The exit code, or 128 and the signal's number.
        let code: Int32
        let output: String
        let errors: String
    }

    /// A process that is running.
    struct Running {
        let process: pid_t
        let folder: String

        /// Waits for the end.
        func wait() -> Outcome {
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            return Outcome(
                code: signal == 0 ? status >> 8 & 0xFF : 128 + signal,
                output: Folder.text("\(folder)/stdout"),
                errors: Folder.text("\(folder)/stderr")
            )
        }

        /// Processes that this one started and that still live.
        var children: [pid_t] {
            let path = "/proc/\(process)/task/\(process)/children"
            return Folder.text(path).split(separator: " ").compactMap { pid_t($0) }
        }

        /// Those of them in which the worker's program has begun.
        var workers: [pid_t] {
            children.filter { Folder.text("/proc/\($0)/cmdline").contains("\0worker\0") }
        }
    }

    /// Beside the tests' own program.
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        return Files.directory(of: String(decoding: bytes, as: UTF8.self)) + "/kennel"
    }()

    /// Starts a program; its words go to files of a fresh folder.
    static func start(_ words: [String]) throws -> Running {
        let folder = try Folder.make()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/stdout", flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/stderr", flags, 0o600)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        guard code == 0 else { throw SystemCallError("start", words[0], code: code) }
        return Running(process: process, folder: folder)
    }

    /// Runs `kennel` to its end.
    static func run(_ words: [String]) throws -> Outcome {
        try start([path] + words).wait()
    }

    /// Runs `kennel`, and kills it if it has not ended after so many seconds.
    static func run(_ words: [String], killedAfter seconds: Double) throws -> Outcome {
        try start(["timeout", "--signal=KILL", "\(seconds)", path] + words).wait()
    }
}

/// Files of a test.
enum Folder {
    /// A fresh folder.
    static func make() throws -> String {
        let path = "\(Files.temporaryFolder)/kennel-test-\(Entropy.identifier())"
        try Files.makeDirectory(path)
        return path
    }

    static func text(_ path: String) -> String {
        String(decoding: bytes(path), as: UTF8.self)
    }

    /// All bytes of a file, also of one whose size the system does not tell; none where it is not.
    static func bytes(_ path: String) -> [UInt8] {
        guard let file = try? FileDescriptor(opening: path) else { return [] }
        var bytes: [UInt8] = []
        while let more = try? file.read(count: 1 << 20, at: bytes.count), !more.isEmpty {
            bytes += more
        }
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_TRUNC)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    }
}
