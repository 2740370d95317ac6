import CommandLine
import Glibc

/// The worker processes of `kennel run`: started, watched, started again, and never left behind.
///
/// Only the main thread uses it: a worker asks the kernel to be killed when the thread that started
/// it ends, so that thread must live as long as the program.
struct WorkerFleet {
    /// How the fleet is.
    enum Condition {
        case working
        /// Workers keep ending: it makes no sense to start more.
        case givenUp(String)
    }

    private struct Member {
        var process: pid_t?
        var startedAt: ContinuousClock.Instant
        /// Ends in a row soon after the start.
        var quickEnds = 0
    }

    private let threads: Int
    private let endpoint: String
    private var members: [Member]

    /// A worker that ends sooner than this has not even begun.
    private static let quickEnd: Duration = .seconds(2)
    private static let quickEndsMax = 5
    private static let stopTime: Duration = .seconds(2)

    init(count: Int, threads: Int, endpoint: String) {
        self.threads = threads
        self.endpoint = endpoint
        members = []
        for number in 0..<count {
            members.append(Member(process: nil, startedAt: .now))
            members[number].process = start(number)
        }
    }

    /// Starts again what has ended.
    mutating func tend() -> Condition {
        for number in members.indices {
            guard let process = members[number].process else { continue }
            var status: Int32 = 0
            guard waitpid(process, &status, WNOHANG) == process else { continue }
            members[number].process = nil
            let wasQuick = ContinuousClock.now - members[number].startedAt < Self.quickEnd
            members[number].quickEnds = wasQuick ? members[number].quickEnds + 1 : 0
            guard members[number].quickEnds < Self.quickEndsMax else {
                return .givenUp(
                    "worker \(number) ended \(Self.quickEndsMax) times right after its start, "
                        + "at last \(Self.describe(status)); see its messages above"
                )
            }
            members[number].startedAt = .now
            members[number].process = start(number)
        }
        return .working
    }

    /// Ends all workers: asked first, then killed.
    ///
    /// What they compute is computed again next time.
    mutating func stop() {
        for member in members { if let process = member.process { kill(process, SIGTERM) } }
        let deadline = ContinuousClock.now + Self.stopTime
        for number in members.indices {
            guard let process = members[number].process else { continue }
            while waitpid(process, nil, WNOHANG) == 0 {
                if ContinuousClock.now > deadline { kill(process, SIGKILL) }
                _ = Signals.next(milliseconds: 10)
            }
            members[number].process = nil
        }
    }

    private func start(_ number: Int) -> pid_t? {
        let words = [
            "kennel", "worker", "--coordinator", endpoint, "--threads", "\(threads)",
            "--instance", "run/\(number)", "--parent", "\(getpid())",
        ]
        return Process.start("/proc/self/exe", words)
    }

    private static func describe(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "with exit code \(status >> 8 & 0xFF)" : "by signal \(signal)"
    }
}
