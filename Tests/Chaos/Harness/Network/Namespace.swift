import Glibc
import Platform

/// A network of its own for workers, joined to this machine's by a link that can be cut.
///
/// A process of its own removes it once its owner lets go of it or dies, of whatever.
package final class Namespace {
    /// Its name for the `ip` program.
    package let name: String
    /// This machine's address at the link: where a worker's coordinator seems to be.
    package let gateway: String
    private let device: String
    private let guardian: Guardian

    /// Why none can be made here, as a sentence; nil where they can.
    package static let refusal: String? = {
        guard let program = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first(where: Files.exists)
        else { return "the program ip (package iproute2) is not installed" }
        do {
            _ = try Namespace(number: 99)
            return nil
        } catch {
            return "\(program) may not make a network here: \(error)"
        }
    }()

    /// Makes one with a link that is up.
    ///
    /// - Parameter number: tells those of one process apart, below 100.
    package init(number: Int) throws {
        // Of the range for measurements of networks, which nobody routes.
        let block = (Int(getpid()) * 100 + number) % (1 << 15)
        let (high, low) = (18 + block >> 14, block << 2 & 0xFFFF)
        let network = "198.\(high).\(low >> 8)"
        name = "kennel-\(getpid())-\(number)"
        device = "kc\(getpid())n\(number)"
        gateway = "\(network).\(low & 0xFF | 1)"
        let peer = "\(network).\(low & 0xFF | 2)"
        guardian = try Guardian(name: name, device: device)
        try Self.ip(["netns", "add", name])
        try Self.ip(["link", "add", device, "type", "veth", "peer", "name", "up0", "netns", name])
        try Self.ip(["addr", "add", "\(gateway)/30", "dev", device])
        try Self.ip(["link", "set", device, "up"])
        for words in [
            ["addr", "add", "\(peer)/30", "dev", "up0"], ["link", "set", "up0", "up"],
            ["link", "set", "lo", "up"],
        ] {
            try Self.ip(["-n", name] + words)
        }
    }

    /// Words before a program's own that have it live in this network.
    package var wrapper: [String] { ["ip", "netns", "exec", name] }

    /// Cuts the link at this machine's end: what workers send is lost, and they are not told.
    package func cut() throws { try Self.ip(["link", "set", device, "down"]) }

    /// Joins what was cut.
    package func heal() throws { try Self.ip(["link", "set", device, "up"]) }

    /// Whether the system still has anything of it.
    package static func exists(_ name: String) -> Bool { Files.exists("/run/netns/\(name)") }

    private static func ip(_ words: [String]) throws {
        let log = "\(Files.temporaryFolder)/kennel-ip-\(Entropy.identifier())"
        defer { for ending in ["out", "err"] { unlink("\(log).\(ending)") } }
        let child = try ChildProcess(["ip"] + words, log: log)
        let end = try child.end(within: .seconds(30))
        guard end == .code(0) else {
            throw ChaosFailure("ip \(words.joined(separator: " ")) ended \(end): \(child.errors)")
        }
    }
}

/// A process that removes a network when its standard input ends: at the latest with ours.
private final class Guardian {
    private let process: pid_t
    private let lifeline: Int32

    private static let script = """
        trap '' INT TERM HUP
        while read -r line; do :; done
        ip link del "$1" 2>/dev/null
        ip netns del "$2" 2>/dev/null
        """

    init(name: String, device: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemCallError("make", "a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let words = ["sh", "-c", Self.script, "guardian", device, name]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        close(ends[0])
        guard code == 0 else {
            close(ends[1])
            throw SystemCallError("start", words[0], code: code)
        }
        self.process = process
        lifeline = ends[1]
    }

    deinit {
        close(lifeline)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
}
