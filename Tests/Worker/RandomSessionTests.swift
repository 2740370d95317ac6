import Testing
import Wire

@testable import Worker

extension RandomCoordinator {
    mutating func step(withFaults: Bool) {
        switch Int.random(in: 0..<(withFaults ? 15 : 9), using: &random) {
        case 0: welcome()
        case 1, 2: assign()
        case 3, 4:
            for held in bench.session.held {
                guard case .receiving(let input) = held.state else { continue }
                inputChunk(of: held.assign.lease, at: input.count)
            }
        case 5: engine()
        case 6: acknowledge(.committed)
        case 7: time()
        case 8:
            let inVain = bench.leases.filter { given[$0] == nil }
            take(bench.receive(.heartbeatAck(sequence: 1, cancel: inVain)), mayLose: true)
        case 9:
            let lease = UInt64.random(in: 0...nextLease, using: &random)
            given[lease] = nil
            take(bench.receive(.cancel(lease: lease)), mayLose: true)
        case 10:
            let lease = UInt64.random(in: 0...nextLease, using: &random)
            inputChunk(of: lease, at: Int.random(in: 0...4, using: &random))
        case 11: take(bench.receive(.resync), mayLose: true)
        case 12: acknowledge(Bool.random(using: &random) ? .rejected : .resend)
        case 13: take(bench.pass(15_001), mayLose: true)
        default:
            let lease = UInt64.random(in: 0...nextLease, using: &random)
            bench.session.progressed(lease, records: 1, tokens: 2)
            take(bench.receive(.chunkAck(lease: lease, nextOffset: .max)), mayLose: true)
        }
    }

    /// The one way in which this life ends.
    mutating func finish() {
        mayExit = true
        switch Int.random(in: 0..<3, using: &random) {
        case 0: take(bench.receive(.fenced), mayLose: false)
        case 1:
            take(bench.session.drain(), mayLose: true)
            for _ in 0..<5_000 where !hasEnded { step(withFaults: false) }
        default:
            let refusal = CoordinatorMessage.refuse(
                .quarantined,
                retryAfterMilliseconds: .max,
                text: "no"
            )
            take(bench.receive(refusal), mayLose: false)
        }
    }
}

@Suite("Random events of a worker") struct RandomSessionTests {
    @Test("promises hold after every event, and work goes on after faults", arguments: 0..<150)
    func promises(seed: Int) {
        var world = RandomCoordinator(seed: UInt64(seed))
        for _ in 0..<400 where world.faults.isEmpty { world.step(withFaults: true) }
        world.losesMessages = false
        let before = world.finished
        var steps = 0
        while world.finished < before + 10, world.faults.isEmpty, steps < 5_000 {
            world.step(withFaults: false)
            steps += 1
        }
        #expect(world.finished == before + 10, "work must go on once the faults stop")
        #expect(!world.hasEnded)
        world.finish()
        #expect(world.hasEnded, "told to end, it ends")
        #expect(world.faults == [])
    }
}
