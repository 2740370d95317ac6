import Glibc
import Platform
import Scheduling
import TestSimulation

/// What the largest runs cost: time of an event, and memory at most.
enum Measurements {
    /// Workers and shards of runs between which the cost of an event must not grow.
    private static let scale = [(100, 10_000), (1_000, 100_000), (10_000, 1_000_000)]

    /// Runs a whole cluster at rising sizes, or at one; whether no promise was broken.
    static func runScale(_ sizes: [(workers: Int, shards: Int)]? = nil) -> Bool {
        print("workers   shards     events  virtual s      s  ns/event  ns/shard  peak MiB")
        var isSound = true
        for (workers, shards) in sizes ?? scale {
            var report: RunReport?
            let (seconds, peak) = measured {
                report = Simulation.runLarge(workers: workers, shards: shards)
            }
            guard let report else { continue }
            for violation in report.violations { print("  \(violation)") }
            isSound = isSound && report.violations.isEmpty
            show(
                [
                    (workers, 7), (shards, 8), (report.eventCount, 10),
                    (Int(report.seconds), 10), (Int(seconds), 6),
                    (Int(seconds * 1e9) / max(1, report.eventCount), 9),
                    (Int(seconds * 1e9) / shards, 9), (peak, 9),
                ]
            )
        }
        return isSound
    }

    /// Runs jobs of rising length through the core alone; whether all came to their end.
    static func runMemory(workers: Int) -> Bool {
        print("workers    records   shards   ns/event  open shards  open MiB  leases  peak MiB")
        var isSound = true
        let shapes = [
            (1_000_000, 1), (10_000_000, 1), (1_000_000, 1_024), (100_000_000, 1_024),
        ]
        for (records, shardRecords) in shapes {
            var result: CoreLoad.Report?
            let shape = CoreLoad.Shape(
                workers: workers,
                records: records,
                shardRecords: shardRecords
            )
            let (seconds, peak) = measured { result = CoreLoad.run(shape) }
            guard let report = result else { continue }
            isSound = isSound && report.isPublished && report.records == records
            show(
                [
                    (workers, 7), (report.records, 10), (report.shards, 8),
                    (Int(seconds * 1e9) / max(1, report.events), 10),
                    (report.peak.openShards, 12), (report.peak.openBytes >> 20, 9),
                    (report.peak.leases, 7), (peak, 9),
                ]
            )
        }
        return isSound
    }

    /// One row is shown as soon as it is known: the next may take minutes.
    private static func show(_ cells: [(value: Int, width: Int)]) {
        let words = cells.map { cell in
            let digits = String(cell.value)
            return String(repeating: " ", count: max(0, cell.width - digits.count)) + digits
        }
        print(words.joined(separator: " "))
        fflush(nil)
    }

    /// Seconds of processor time that something takes, and the most memory meanwhile, in MiB.
    private static func measured(_ body: () -> Void) -> (seconds: Double, peakMiB: Int) {
        // What an earlier run took is no more counted.
        if let file = fopen("/proc/self/clear_refs", "w") {
            fputs("5", file)
            fclose(file)
        }
        let start = processorSeconds
        body()
        return (processorSeconds - start, peakKiB >> 10)
    }

    /// Not by a clock: others may be at work on the machine.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static var peakKiB: Int {
        guard let file = try? FileDescriptor(opening: "/proc/self/status"),
            let bytes = try? file.read(count: 4_096, at: 0)
        else { return 0 }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let words = lines.first { $0.hasPrefix("VmHWM") }?.split { $0 == " " || $0 == "\t" }
        return words.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0
    }
}
