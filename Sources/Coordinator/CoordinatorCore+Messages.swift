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
        else {
            actions.append(.send(.resync, envelope, peer: peer))
            return
        }
        scheduler.workerSeen(session, now: now)
        switch message {
        case .hello: break
        case .heartbeat(let heartbeat): take(heartbeat, session, envelope.sequence, now)
        case .credit(let total): scheduler.creditGiven(session, total: total)
        case .resultChunk(let lease, let offset, let bytes):
            take(chunk: bytes, at: offset, LeaseID(lease), session)
        case .resultEnd(let end): take(end, session)
        case .fail(let lease, .modelMissing, _, let text):
            perform(scheduler.jobRefused(session, LeaseID(lease), message: text))
        case .fail(let lease, _, _, let text):
            perform(scheduler.leaseFailed(session, LeaseID(lease), message: text))
        case .inputAck(let lease, let nextOffset):
            outgoing[LeaseID(lease)]?.acknowledge(nextOffset)
            sendInput(LeaseID(lease))
        case .release(let leases):
            scheduler.leasesReleased(session, leases.map(LeaseID.init))
        case .bye:
            scheduler.workerLeft(session)
            links[session] = nil
        }
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
        let greeting = Greeting(
            session: session,
            name: hello.instance,
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
        let inVain = scheduler.heartbeat(
            session,
            progress: progress,
            isDraining: heartbeat.isDraining,
            now: now
        )
        send(.heartbeatAck(sequence: sequence, cancel: inVain.map(\.value)), to: session)
    }

    private mutating func take(
        chunk: [UInt8],
        at offset: UInt64,
        _ lease: LeaseID,
        _ session: SessionID
    ) {
        // A result of a lease that does not stand is not gathered: its end is answered.
        guard scheduler.shard(of: lease) != nil else { return }
        // Out of the dictionary while it grows, so that no chunk copies those before it.
        var result = incoming.removeValue(forKey: lease) ?? IncomingResult(session: session)
        if result.session != session || offset == 0 { result = IncomingResult(session: session) }
        let next = result.take(offset: offset, chunk)
        incoming[lease] = result
        send(.chunkAck(lease: lease.value, nextOffset: next), to: session)
    }

    private mutating func take(_ end: ResultEnd, _ session: SessionID) {
        let lease = LeaseID(end.lease)
        var result = incoming[lease] ?? IncomingResult(session: session)
        if !end.bytes.isEmpty || end.byteCount == 0 {
            result = IncomingResult(session: session)
            _ = result.take(offset: 0, end.bytes)
        }
        let digest = ContentDigest(of: result.bytes)
        guard result.bytes.count == Int(clamping: end.byteCount),
            digest == ContentDigest(high: end.digestHigh, low: end.digestLow)
        else {
            incoming[lease] = nil
            send(.resultAck(lease: end.lease, .resend), to: session)
            return
        }
        let shard = scheduler.shard(of: lease)
        let expected = shard.flatMap { scheduler.range(of: $0)?.recordCount }
        if let expected, expected != Int(end.records) {
            let text = "a worker gave \(end.records) answers for \(expected) records"
            perform(scheduler.leaseFailed(session, lease, message: text))
            send(.resultAck(lease: end.lease, .rejected), to: session)
            return
        }
        incoming[lease] = result
        completed[lease] = end
        perform(scheduler.resultReceived(session, lease))
    }
}
