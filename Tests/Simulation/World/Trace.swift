/// What is noted of a run.
enum TraceKind: UInt8 {
    case turn, toCoordinator, toWorker, lost, connected, broken, tick, started, ended, computed
    case write, appended, durable, ledgerFailed, planned, inputRead, inputFailed, published
    case cleared, reply, submitted, askedAgain, coordinatorStarted, coordinatorCrashed, fault
    case healed, room, diskFull
}

/// A running hash of all that happened, and its text where somebody wants to read it.
struct Trace {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var eventCount = 0
    let isPrinting: Bool

    /// Takes note of one thing; all figures must be the same in every process.
    mutating func note(
        _ kind: TraceKind,
        at time: Moment,
        _ first: UInt64 = 0,
        _ second: UInt64 = 0,
        _ text: @autoclosure () -> String = ""
    ) {
        mix(UInt64(kind.rawValue))
        mix(time)
        mix(first)
        mix(second)
        guard isPrinting else { return }
        let seconds = time / .second
        let rest = time % .second / 1000
        let digits = String(rest)
        let zeros = String(repeating: "0", count: 6 - digits.utf8.count)
        print("\(seconds).\(zeros)\(digits) \(kind) \(first) \(second) \(text())")
    }

    mutating func countEvent() { eventCount += 1 }

    private mutating func mix(_ value: UInt64) {
        hash = (hash ^ value) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 29
    }
}
