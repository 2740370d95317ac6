import CommandLine
import Glibc
import Platform

/// The worker processes of `kennel run`: started, watched, started again, and never left behind.
///
/// Only the main thread uses it: the kernel kills a worker when the thread that started it ends, so
/// that thread must live as long as the program.
struct WorkerFleet {
    private struct Member {
        var process: pid_t?
        var startedAt: ContinuousClock.Instant
        /// Ends in a row soon after the start.
        var quickEnds = 0
    }

    private let engine: EngineOptions
    private let cacheMiB: Int
    private let endpoint: String
    private var members: [Member]

    /// A worker that ends sooner than this has not even begun.
    private static let quickEnd: Duration = .seconds(2)
    private static let quickEndsMax = 5
    private static let stopTime: Duration = .seconds(2)

    /// Starts the workers; all of them, or none where one cannot be started.
    init(
        count: Int,
        engine: EngineOptions,
        cacheMiB: Int,
        endpoint: String
    ) throws(CommandFailure) {
        self.engine = engine
        self.cacheMiB = cacheMiB
        self.endpoint = endpoint
        members = (0..<count).map { _ in Member(process: nil, startedAt: .now) }
        do throws(CommandFailure) {
            for number in 0..<count { members[number].process = try start(number) }
        } catch {
            stop()
            throw error
        }
    }

    /// Starts again what has ended; fails where workers keep ending, as more would end too.
    mutating func tend() throws(CommandFailure) {
        for number in members.indices {
            guard let process = members[number].process else { continue }
            var status: Int32 = 0
            guard waitpid(process, &status, WNOHANG) == process else { continue }
            members[number].process = nil
            let wasQuick = ContinuousClock.now - members[number].startedAt < Self.quickEnd
            members[number].quickEnds = wasQuick ? members[number].quickEnds + 1 : 0
            guard members[number].quickEnds < Self.quickEndsMax else {
                throw CommandFailure(
                    "worker \(number) ended \(Self.quickEndsMax) times right after its start, "
                        + "at last \(Self.describe(status)); see its messages above",
                    exitCode: ExitCode.jobFailed
                )
            }
            members[number].startedAt = .now
            members[number].process = try start(number)
        }
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

    private func start(_ number: Int) throws(CommandFailure) -> pid_t {
        let words =
            ["kennel", "worker", "--coordinator", endpoint] + engine.words
            + ["--cache-mib", "\(cacheMiB)", "--instance", "run/\(number)", "--quiet"]
        do throws(SystemCallError) {
            return try Process.startAgain(words)
        } catch {
            throw CommandFailure(
                "a worker cannot be started: \(error)",
                exitCode: ExitCode.jobFailed
            )
        }
    }

    private static func describe(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "with exit code \(status >> 8 & 0xFF)" : "by signal \(signal)"
    }
}
