import Testing

@testable import Scheduling

/// In all of them the first that is heard after the pause is a message, which had waited.
@Suite("A coordinator that stood still itself") struct OwnPauseTests {
    var bench = Bench()
    private let session = Bench.session(1)
    private let pause = Duration.seconds(600)

    private mutating func begin() -> LeaseID {
        _ = bench.greet(1)
        _ = bench.plan(1)
        return bench.grant()[0].lease
    }

    @Test("takes no lease away for a heartbeat that was older than the shard")
    mutating func olderHeartbeat() {
        let lease = begin()
        bench.now = bench.now.advanced(by: pause)
        _ = bench.scheduler.heartbeat(session, progress: [], isDraining: false, now: bench.now)
        #expect(bench.scheduler.holder(of: lease) == session)
        let judged = bench.scheduler.tick(now: bench.now)
        #expect(judged.isEmpty)
        #expect(bench.scheduler.workers[session]?.state == .active)
    }

    @Test("counts the pause for no part of what a shard takes")
    mutating func pace() {
        let lease = begin()
        _ = bench.pass(.seconds(4))
        bench.now = bench.now.advanced(by: pause)
        bench.scheduler.workerSeen(session, now: bench.now)
        _ = bench.scheduler.resultReceived(session, lease)
        _ = bench.commit(lease)
        #expect(bench.scheduler.jobs[Bench.job]?.pace.median == .seconds(4))
    }

    @Test("judges nobody by a greeting that had waited either")
    mutating func greeting() {
        let lease = begin()
        bench.now = bench.now.advanced(by: pause)
        _ = bench.greet(2, credit: 0)
        let actions = bench.scheduler.tick(now: bench.now)
        #expect(actions.isEmpty && bench.scheduler.holder(of: lease) == session)
    }

    @Test("counts the pause once, however often it is told the time after it")
    mutating func once() {
        _ = begin()
        bench.now = bench.now.advanced(by: pause)
        bench.scheduler.workerSeen(Bench.session(9), now: bench.now)
        let judged = bench.scheduler.tick(now: bench.now)
        #expect(judged.isEmpty)
        _ = bench.pass(.seconds(19))
        #expect(bench.scheduler.workers[session] != nil)
        _ = bench.pass(.seconds(2))
        #expect(bench.scheduler.workers[session] == nil, "its own silence is judged as ever")
    }

    @Test("fails no job for want of a worker that had no time to come back")
    mutating func refused() {
        _ = bench.greet(1, credit: 1)
        _ = bench.greet(2, credit: 1)
        _ = bench.plan(4)
        let refused = bench.grant().first { $0.session == session }?.lease ?? LeaseID(0)
        _ = bench.scheduler.jobRefused(session, refused, message: "no model")
        bench.scheduler.workerLeft(Bench.session(2))
        _ = bench.pass(.seconds(5))
        bench.now = bench.now.advanced(by: pause)
        bench.scheduler.workerSeen(session, now: bench.now)
        let judged = bench.scheduler.tick(now: bench.now)
        #expect(judged.isEmpty)
        var actions: [SchedulerAction] = []
        for _ in 0..<54 {
            actions += bench.pass(.seconds(1))
            bench.scheduler.workerSeen(session, now: bench.now)
        }
        #expect(actions.isEmpty)
        actions = bench.pass(.seconds(2))
        #expect(actions == [.recordFailure(Bench.job, message: "no model")])
    }
}
