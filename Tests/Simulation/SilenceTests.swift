import Scheduling
import TestSupport
import Testing
import Wire

@testable import TestSimulation

/// What the checker takes for a sign of life: neither more nor less than a coordinator may.
@Suite("Silence, as it is judged from outside") struct SilenceTests {
    private static let session = WireSession(high: 1, low: 2)
    private static let start: Moment = 1_000 * .second
    private let ledger = LedgerModel()

    /// A worker is welcomed in life 2, speaks once more, and is given up at the end.
    private func violations(
        heardAfter seconds: UInt64,
        naming epoch: UInt64,
        over connection: Int,
        givenUpAfter end: UInt64
    ) -> [String] {
        var checker = Checker(deadAfter: 20 * .second)
        checker.recovered([], ledger, epoch: 2)
        let envelope = Envelope(epoch: 2, session: Self.session, sequence: 1)
        checker.arrived(Self.session, epoch: 0, over: 7, at: Self.start)
        let welcome = Welcome(
            generation: 1,
            heartbeatMilliseconds: 2_000,
            deadMilliseconds: 20_000,
            keep: [],
            drop: []
        )
        checker.said(.welcome(welcome), envelope, over: 7, true, at: Self.start, ledger)
        let heard = Self.start + seconds * .second
        checker.arrived(Self.session, epoch: epoch, over: connection, at: heard)
        let given = Self.start + end * .second
        checker.said(.resync, envelope, over: 7, true, at: given, ledger)
        return checker.violations
    }

    @Test("a worker may be given up after 20 s of it")
    func silent() {
        #expect(violations(heardAfter: 3, naming: 2, over: 7, givenUpAfter: 24) == [])
    }

    @Test("a worker may not be given up while it speaks")
    func speaking() {
        let broken = violations(heardAfter: 18, naming: 2, over: 7, givenUpAfter: 24)
        #expect(broken.count == 1 && broken[0].hasPrefix("a worker is given up that was silent"))
    }

    /// Seed 105531 of the safety runs once failed by this: of a worker that was rightly given up,
    /// one message within 34 s had come, and named life 0.
    @Test("is not broken by words to another life, or over a connection that was left")
    func strangers() {
        #expect(violations(heardAfter: 18, naming: 0, over: 7, givenUpAfter: 24) == [])
        #expect(violations(heardAfter: 18, naming: 1, over: 7, givenUpAfter: 24) == [])
        #expect(violations(heardAfter: 18, naming: 2, over: 6, givenUpAfter: 24) == [])
    }
}
