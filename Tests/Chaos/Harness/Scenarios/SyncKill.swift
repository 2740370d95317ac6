/// A fault at each sync, write and rename of the coordinator, one after the other.
package enum SyncKill: Scenario {
    package static let name = "sync-kill"
    package static let summary =
        "SIGKILL, EIO and ENOSPC at every sync, write and rename of a coordinator, one by one"

    /// When the calls are counted from.
    package enum Phase: String, Sendable {
        /// The start of a coordinator.
        case start
        /// When it is ready.
        case work
        /// The making of the output, which an answered job becomes.
        case output
    }

    /// What is done to which call, and which end is right.
    package struct Fault: Sendable, CustomStringConvertible {
        let fault: String
        /// One call of the system: strace counts each by itself.
        let call: String
        let phase: Phase
        /// A short run takes one of so many numbers.
        var stride = 1

        /// A fault in strace's words: "signal=KILL", "error=EIO".
        package init(_ fault: String, _ call: String, _ phase: Phase, stride: Int = 1) {
            self.fault = fault
            self.call = call
            self.phase = phase
            self.stride = stride
        }

        /// As in "signal=KILL at fdatasync from its start".
        package var description: String { "\(fault) at \(call) of the \(phase)" }

        /// Whether the process is killed.
        var kills: Bool { fault == "signal=KILL" }

        /// Whether the process may go on: nothing was written, and it is tried again.
        var mayGoOn: Bool { fault == "error=ENOSPC" && call == "pwrite64" }

        static let all: [Fault] =
            ["fdatasync", "fsync", "renameat2", "unlink", "openat", "pwrite64"].map {
                Fault("signal=KILL", $0, .output)
            }
            + ["fdatasync", "fsync", "renameat2", "pwrite64"].map {
                Fault("error=EIO", $0, .output)
            }
            + [Phase.start, .work].flatMap { phase in
                [
                    Fault("signal=KILL", "fdatasync", phase, stride: 2),
                    Fault("signal=KILL", "fsync", phase),
                    Fault("signal=KILL", "unlink", phase),
                    Fault("signal=KILL", "ftruncate", phase),
                    Fault("signal=KILL", "pwrite64", phase, stride: 9),
                    Fault("error=EIO", "fdatasync", phase, stride: 2),
                    Fault("error=EIO", "fsync", phase),
                    Fault("error=EIO", "pwrite64", phase, stride: 9),
                    Fault("error=ENOSPC", "fdatasync", phase, stride: 5),
                    Fault("error=ENOSPC", "pwrite64", phase, stride: 12),
                ]
            }
    }

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        var report = ScenarioReport()
        var points: [String: Int] = [:]
        for fault in Fault.all { points[fault.fault, default: 0] += try each(fault, size, &report) }
        for (fault, count) in points.sorted(by: { $0.key < $1.key }) {
            report.add("points of \(fault)", count)
        }
        report.add("kinds of calls", Fault.all.count)
        return report
    }

    /// Does one fault at each number until a whole job meets none.
    private static func each(
        _ fault: Fault,
        _ size: ScenarioSize,
        _ report: inout ScenarioReport
    ) throws -> Int {
        let step = size.isLong ? 1 : fault.stride
        var points = 0
        for number in stride(from: 1, to: 2_000, by: step) {
            guard try once(fault, number: number, seed: size.seed, &report) else { return points }
            points += 1
            if let times = size.times, points >= times { return points }
        }
        throw ChaosFailure("\(fault): no job was short enough to have all its calls succeed")
    }

    /// Runs a small job with one fault.
    ///
    /// - Returns: whether the fault was met.
    package static func once(
        _ fault: Fault,
        number: Int,
        seed: UInt64,
        _ report: inout ScenarioReport
    ) throws -> Bool {
        let place = "\(fault), number \(number)"
        do {
            let cluster = try Cluster()
            var run = try FaultedRun(cluster, fault, number, seed: seed, place: place)
            return try run.run(&report)
        } catch {
            throw ChaosFailure("\(place): \(error)")
        }
    }
}
