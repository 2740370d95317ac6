package import Scheduling
package import Wire

/// What workers say.
extension CoordinatorCore {
    /// Takes a worker's message; one of an unknown session changes nothing.
    package mutating func received(
        _ message: WorkerMessage,
        _ envelope: Envelope,
        from peer: [UInt8],
        now: MonotonicTime
    ) -> [Action] {
        handle(message, envelope, from: peer, now)
        return take()
    }

    private mutating func handle(
        _ message: WorkerMessage,
        _ envelope: Envelope,
        from peer: [UInt8],
        _ now: MonotonicTime
    ) {
        let session = SessionID(high: envelope.session.high, low: envelope.session.low)
        if case .hello(let hello) = message {
            return greet(hello, session, peer, envelope, now)
        }
        guard envelope.epoch == epoch, let link = links[session], link.peer == peer,
            scheduler.workers[session] != nil
        else { return answerStranger(session, envelope, peer) }
        scheduler.workerSeen(session, now: now)
        switch message {
        case .hello: break
        case .heartbeat(let heartbeat): take(heartbeat, session, envelope.sequence, now)
        case .credit(let total): scheduler.creditGiven(session, total: total)
        case .resultChunk(let lease, let offset, let bytes):
            window.arrived(LeaseID(lease), of: session)
            take(chunk: bytes, at: offset, LeaseID(lease), session)
        case .resultEnd(let end):
            window.arrived(LeaseID(end.lease), of: session)
            take(end, session)
        case .fail(let lease, .modelMissing, _, let text):
            window.arrived(LeaseID(lease), of: session)
            perform(scheduler.jobRefused(session, LeaseID(lease), message: text))
        case .fail(let lease, _, _, let text):
            window.arrived(LeaseID(lease), of: session)
            perform(scheduler.leaseFailed(session, LeaseID(lease), message: text))
        case .inputAck(let lease, let nextOffset):
            window.arrived(LeaseID(lease), of: session, upTo: Int(clamping: nextOffset))
            guard outgoing[LeaseID(lease)]?.session == session else { return }
            outgoing[LeaseID(lease)]?.acknowledge(nextOffset)
            sendInput(LeaseID(lease))
        case .release(let leases):
            scheduler.leasesReleased(session, leases.map(LeaseID.init))
            dropUnheld(by: session)
        case .bye:
            scheduler.workerLeft(session)
            links[session] = nil
            window.remove(session)
        }
    }

    /// Answers a session that is not known, or not in this life: nothing else changes.
    private mutating func answerStranger(
        _ session: SessionID,
        _ envelope: Envelope,
        _ peer: [UInt8]
    ) {
        scheduler.sessionSpoke(session)
        let answer: CoordinatorMessage = scheduler.isFenced(session) ? .fenced : .resync
        actions.append(.send(answer, envelope, peer: peer))
    }

    /// No host computes more shards at once.
    private static let slotsMax = 4096

    private mutating func greet(
        _ hello: Hello,
        _ session: SessionID,
        _ peer: [UInt8],
        _ envelope: Envelope,
        _ now: MonotonicTime
    ) {
        let ours = WireLimits.versionMin...WireLimits.versionMax
        guard hello.versionMin <= ours.upperBound, hello.versionMax >= ours.lowerBound else {
            let text =
                "this coordinator speaks protocol \(ours.lowerBound) to \(ours.upperBound), "
                + "the worker \(hello.versionMin) to \(hello.versionMax): use the same Kennel"
            let refusal = CoordinatorMessage.refuse(
                .version,
                retryAfterMilliseconds: 60_000,
                text: text
            )
            actions.append(.send(refusal, envelope, peer: peer))
            return
        }
        links[session] = Link(peer: peer)
        // What was on its way over an older connection is there, or is lost.
        window.remove(session)
        let greeting = Greeting(
            session: session,
            name: hello.instance,
            machine: hello.machineID,
            slots: min(max(1, Int(hello.slots)), Self.slotsMax),
            held: hello.held.map { LeaseID($0.lease) }
        )
        perform(scheduler.workerGreeted(greeting, now: now))
    }

    private mutating func take(
        _ heartbeat: Heartbeat,
        _ session: SessionID,
        _ sequence: UInt64,
        _ now: MonotonicTime
    ) {
        let progress = heartbeat.held.map {
            LeaseProgress(
                lease: LeaseID($0.lease),
                records: Int($0.records),
                tokens: Int(clamping: $0.tokens)
            )
        }
        let (inVain, others) = scheduler.heartbeat(
            session,
            progress: progress,
            isDraining: heartbeat.isDraining,
            now: now
        )
        perform(others)
        // Whoever names a lease has its input, unless chunks of it are still to come.
        for lease in progress.map(\.lease) where outgoing[lease] == nil {
            window.arrived(lease, of: session)
        }
        dropUnheld(by: session)
        send(.heartbeatAck(sequence: sequence, cancel: inVain.map(\.value)), to: session)
    }

    /// Inputs of leases that a session has lost are not on their way to it any more.
    private mutating func dropUnheld(by session: SessionID) {
        for lease in window.leases(of: session) where scheduler.holder(of: lease) != session {
            window.remove(lease)
        }
    }

    private mutating func take(
        chunk: [UInt8],
        at offset: UInt64,
        _ lease: LeaseID,
        _ session: SessionID
    ) {
        // A result of a lease that does not stand is not gathered: its end is answered.
        scheduler.resultArriving(session)
        guard scheduler.mayDeliver(session, lease), !scheduler.isCommitting(lease) else { return }
        guard let next = inbox.take(lease, of: session, offset: offset, chunk) else {
            return scheduler.resultRefused(session)
        }
        send(.chunkAck(lease: lease.value, nextOffset: next), to: session)
    }

    private mutating func take(_ end: ResultEnd, _ session: SessionID) {
        let lease = LeaseID(end.lease)
        // Of a result that is on its way to the disk the acknowledgement follows.
        guard !scheduler.isCommitting(lease) else { return }
        scheduler.resultArriving(session)
        guard scheduler.mayDeliver(session, lease) else {
            send(.resultAck(lease: end.lease, .rejected), to: session)
            return
        }
        if !end.bytes.isEmpty || end.byteCount == 0 {
            // No room: the worker sends it again later.
            guard inbox.take(lease, of: session, offset: 0, end.bytes) != nil else {
                return scheduler.resultRefused(session)
            }
        }
        let result = inbox.result(lease, of: session)
        guard result.count == Int(clamping: end.byteCount),
            ContentDigest(of: result) == ContentDigest(high: end.digestHigh, low: end.digestLow)
        else {
            // For want of room parts were not taken: the worker sends them again by itself.
            guard !inbox.isFull else { return scheduler.resultRefused(session) }
            inbox.forget(lease)
            send(.resultAck(lease: end.lease, .resend), to: session)
            return
        }
        let shard = scheduler.shard(of: lease)
        let expected = shard.flatMap { scheduler.range(of: $0)?.recordCount }
        let answers = result.count { $0 == UInt8(ascii: "\n") }
        if let expected, expected != Int(end.records) || expected != answers {
            let text = "a worker gave \(answers) answers for \(expected) records"
            perform(scheduler.leaseFailed(session, lease, message: text))
            send(.resultAck(lease: end.lease, .rejected), to: session)
            return
        }
        completed[lease] = end
        completed[lease]?.bytes = []
        perform(scheduler.resultReceived(session, lease))
    }
}
