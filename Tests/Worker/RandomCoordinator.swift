import TestSupport
import Testing
import Wire

@testable import Worker

/// A coordinator that obeys credit, an engine, and a link that loses and repeats messages.
///
/// Goal: whatever arrives in whatever order, the session keeps its promises; once the faults stop
/// it is always ready for more. Method: a model that is fed only by the session's actions.
struct RandomCoordinator {
    var bench: SessionBench
    var random: SplitMix
    let slots: Int
    /// Leases that are given and not ended, with the input that was promised.
    var given: [UInt64: [UInt8]] = [:]
    var nextLease: UInt64 = 1
    /// Since the last welcome.
    var granted: UInt64 = 0
    var told: UInt64 = 0
    var isGreeted = false
    var computing: [UInt64] = []
    var computedOnce: Set<UInt64> = []
    var losesMessages = true
    var mayExit = false
    var hasEnded = false
    var finished = 0
    var faults: [String] = []

    init(seed: UInt64) {
        random = SplitMix(state: seed)
        slots = Int.random(in: 1...3, using: &random)
        bench = SessionBench(slots: UInt32(slots))
        take(bench.start(), mayLose: false)
    }

    mutating func check(_ isTrue: Bool, _ message: String) {
        if !isTrue { faults.append(message) }
    }

    mutating func take(_ actions: [WorkerSession.Action], mayLose: Bool) {
        for action in actions where !hasEnded {
            switch action {
            case .send(let message):
                if mayLose, losesMessages, Int.random(in: 0..<10, using: &random) == 0 {
                    bench.session.notQueued(message)
                } else {
                    arrive(message)
                }
            case .compute(let assign, let input):
                check(input == given[assign.lease], "computes another input")
                check(computedOnce.insert(assign.lease).inserted, "computes a lease twice")
                computing.append(assign.lease)
            case .stopComputing(let lease):
                computing.removeAll { $0 == lease }
            case .reconnect: break
            case .exit:
                check(mayExit, "ends without being told")
                hasEnded = true
            }
        }
        invariants()
    }

    mutating func invariants() {
        let leases = bench.leases
        check(Set(leases).count == leases.count, "holds a lease twice")
        let active = bench.session.held.count { if case .done = $0.state { false } else { true } }
        check(active <= slots + 1, "holds \(active) shards to compute")
        check(told >= granted, "credit \(told) below the \(granted) received")
        check(told <= granted + UInt64(slots + 1), "more credit than there is room")
        let isEngines = computing.allSatisfy { leases.contains($0) }
        check(isEngines, "the engine computes what is not held")
    }

    mutating func arrive(_ message: WorkerMessage) {
        let frames = message.encode(
            Envelope(epoch: 1, session: WireSession(high: 1, low: 2), sequence: 3)
        )
        check(frames.header.count <= WireLimits.headerBytesMax, "a header above its limit")
        switch message {
        case .hello(let hello):
            isGreeted = true
            for lease in given.keys where !hello.held.contains(where: { $0.lease == lease }) {
                given[lease] = nil
            }
        case .credit(let total):
            check(total >= told, "credit fell from \(told) to \(total)")
            told = max(told, total)
        case .resultEnd(let end):
            check(end.lease < nextLease, "a result of no lease")
        case .fail(let lease, _, _, _): given[lease] = nil
        case .release(let leases): for lease in leases { given[lease] = nil }
        case .heartbeat, .resultChunk, .inputAck, .bye: break
        }
    }

    mutating func welcome() {
        guard isGreeted else { return }
        isGreeted = false
        granted = 0
        told = 0
        let drop = bench.leases.filter { given[$0] == nil }
        take(bench.welcome(keep: [], drop: drop), mayLose: true)
    }

    mutating func assign() {
        guard granted < told, bench.session.isWelcome else { return }
        let lease = nextLease
        nextLease += 1
        granted += 1
        let input = [UInt8](repeating: UInt8(lease & 255), count: Int(lease % 5))
        given[lease] = input
        let first = Array(input.prefix(2))
        let assign = SessionBench.assign(lease, first, of: input.count)
        take(bench.receive(.assign(assign)), mayLose: true)
        if Int.random(in: 0..<8, using: &random) == 0 {
            take(bench.receive(.assign(assign)), mayLose: true)
        }
    }

    mutating func inputChunk(of lease: UInt64, at offset: Int) {
        guard let input = given[lease], offset < input.count else { return }
        let bytes = Array(input[offset..<min(input.count, offset + 2)])
        let message = CoordinatorMessage.inputChunk(
            lease: lease,
            offset: UInt64(offset),
            bytes: bytes
        )
        take(bench.receive(message), mayLose: true)
    }

    mutating func engine() {
        guard !computing.isEmpty else { return }
        let lease = computing.removeFirst()
        if Int.random(in: 0..<6, using: &random) == 0 {
            take(bench.session.failed(lease, .engine, text: "no"), mayLose: true)
        } else {
            take(bench.compute(lease, Int.random(in: 0...20, using: &random)), mayLose: true)
        }
    }

    mutating func acknowledge(_ outcome: CoordinatorMessage.Outcome) {
        let done = bench.session.held.filter { if case .done = $0.state { true } else { false } }
        guard let lease = done.randomElement(using: &random)?.assign.lease else { return }
        if outcome != .resend {
            given[lease] = nil
            finished += 1
        }
        take(bench.receive(.resultAck(lease: lease, outcome)), mayLose: true)
    }

    mutating func time() {
        let passed = [10, 200, 2_000, 6_000].randomElement(using: &random) ?? 10
        take(bench.pass(passed), mayLose: true)
    }
}
