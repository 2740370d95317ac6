import Scheduling
import Wire
import Worker

/// What goes wrong, and how it heals.
extension World {
    /// One of the scenario's faults comes, at one of the places where it may.
    func faultStrikes() {
        guard !areFaultsOver, !scenario.faults.isEmpty else { return }
        let next = scenario.faultInterval / 2 + chance.bits() % scenario.faultInterval
        events.push(.fault, at: now + next)
        let fault = chance.pick(scenario.faults)
        let host = chance.below(hosts.count)
        trace.note(.fault, at: now, UInt64(host), 0, "\(fault)")
        switch fault {
        case .breakConnections, .flap, .cutInward, .cutOutward, .cutBoth, .slowWay, .mendWays,
            .refuseSends:
            strike(fault, way: host)
        case .crashWorker, .pauseWorker, .cloneWorker, .slowWorker, .hangEngine, .drainWorker,
            .failEngine, .lie, .ghost:
            strike(fault, host: host)
        case .crashCoordinator: crashCoordinator(restartsAfter: chance.time(100, 20_000))
        case .crashBetweenActions: coordinator.actionsToLive = chance.below(12)
        case .pauseCoordinator:
            let isLong = chance.happens(0.05)
            coordinator.pausedUntil = now + chance.time(100, isLong ? 3_600_000 : 60_000)
        case .busyCoordinator: coordinatorBusyUntil = now + chance.time(20_000, 200_000)
        case .stallLedger: ledgerStallsUntil = now + chance.time(100, 60_000)
        case .failLedger: ledgerFailing = chance.happens(0.5) ? chance.share() * 0.3 : 0
        case .failInput: inputFailing = chance.happens(0.5) ? chance.share() * 0.3 : 0
        case .jumpWallClock: jumpWallClock()
        case .fillDisk: fillDisk()
        }
    }

    /// By up to two years to either side of where it began, or by an hour; not without end.
    private func jumpWallClock() {
        guard wallJumps < 20 else { return }
        wallJumps += 1
        let second: Int64 = 1_000_000_000
        wallOffset =
            chance.happens(0.3)
            ? wallOffset + Int64(chance.between(-3_600, 3_600)) * second
            : Int64(chance.between(48 * 365, 52 * 365)) * 86_400 * second
    }

    private func strike(_ fault: Fault, way host: Int) {
        switch fault {
        case .breakConnections:
            if let connection = liveConnection(of: host) { breakConnection(connection) }
            ways[host].breaking = chance.happens(0.3) ? chance.share() * 0.05 : 0
        case .flap:
            ways[host].breaking = chance.share() * 0.3
        case .cutInward: cut(host, inward: cutEnd(), outward: 0)
        case .cutOutward: cut(host, inward: 0, outward: cutEnd())
        case .cutBoth:
            let until = cutEnd()
            cut(host, inward: until, outward: until)
        case .slowWay:
            let low = chance.between(1, 1_000)
            ways[host].delay = (low, low + Int(chance.time(1, 60_000) / .millisecond))
        case .refuseSends: ways[host].refusing = chance.share() * 0.2
        default: ways[host] = calmWay()
        }
    }

    /// Mostly within a minute, at times after hours.
    private func cutEnd() -> Moment {
        now + (chance.happens(0.1) ? chance.time(60_000, 7_200_000) : chance.time(500, 60_000))
    }

    /// Nothing passes for a while; after 15 s of it the connection is given up by both ends.
    private func cut(_ host: Int, inward: Moment, outward: Moment) {
        ways[host].cutUntil.inward = max(ways[host].cutUntil.inward, inward)
        ways[host].cutUntil.outward = max(ways[host].cutUntil.outward, outward)
        guard max(inward, outward) > now + 15 * .second, let index = liveConnection(of: host)
        else { return }
        connections[index].isBroken = true
        for byWorker in [true, false] {
            events.push(.breakSeen(connection: index, byWorker: byWorker), at: now + 15 * .second)
        }
    }

    private func liveConnection(of host: Int) -> Int? {
        hosts[host].process.flatMap { processes[$0].connection }
    }

    private func strike(_ fault: Fault, host: Int) {
        let process = hosts[host].process.map { processes[$0] }
        switch fault {
        case .crashWorker:
            if let process { endProcess(process, restartsAfter: chance.time(100, 40_000)) }
        case .pauseWorker:
            let isLong = chance.happens(0.1)
            let pause = isLong ? chance.time(120_000, 14_400_000) : chance.time(100, 120_000)
            if let process { process.pausedUntil = max(process.pausedUntil, now + pause) }
        case .cloneWorker:
            guard hosts.count < 2 * scenario.hostCount else { break }
            hosts.append(WorkerHost(name: hosts[host].name, slots: scenario.slots))
            ways.append(calmWay())
            startProcess(on: hosts.count - 1)
        case .slowWorker: hosts[host].slowness = chance.happens(0.5) ? 100 : 1
        case .hangEngine: hosts[host].hangsUntil = now + chance.time(1_000, 120_000)
        case .drainWorker:
            guard let process, process.isAlive, process.pausedUntil <= now else { break }
            perform(process.session.drain(), of: process)
        case .failEngine: hosts[host].failing = scenario.mayJobsFail ? chance.share() * 0.2 : 0
        case .lie: hosts[host].lying = chance.share() * 0.1
        default: if let process { haunt(process) }
        }
    }

    /// A message of a session that nobody has greeted, or of another life.
    private func haunt(_ process: WorkerProcess) {
        let lease = UInt64(chance.between(0, 60))
        let messages: [WorkerMessage] = [
            .credit(total: 50), .release([lease]), .bye(reason: "ghost"),
            .fail(lease: lease, .engine, record: -1, text: "ghost"),
            .heartbeat(Heartbeat(isDraining: true, residentMiB: 0, held: [])),
        ]
        let envelope = Envelope(
            epoch: coordinator.epoch,
            session: WireSession(high: chance.bits(), low: chance.bits()),
            sequence: 1
        )
        _ = sendInward(chance.pick(messages).encode(envelope), of: process)
    }

    /// A message that is not what it should be: it must be refused, or change nothing.
    func lie(_ message: inout WorkerMessage, _ envelope: inout Envelope, of process: WorkerProcess)
    {
        switch message {
        case .resultEnd(var end):
            switch chance.below(4) {
            case 0: end.byteCount += UInt64(chance.between(1, 9))
            case 1: end.digestLow ^= 1 << UInt64(chance.below(64))
            case 2 where !end.bytes.isEmpty: end.bytes[chance.below(end.bytes.count)] ^= 1
            default: end.lease = foreignLease(process, end.lease)
            }
            message = .resultEnd(end)
        case .resultChunk(let lease, let offset, var bytes):
            if !bytes.isEmpty { bytes[chance.below(bytes.count)] ^= 1 }
            message = .resultChunk(lease: lease, offset: offset, bytes: bytes)
        case .release: message = .release([foreignLease(process, 0)])
        case .hello: break
        default: envelope.epoch = chance.happens(0.5) ? envelope.epoch &- 1 : envelope.epoch + 1
        }
    }

    /// A lease of another worker, or of nobody.
    private func foreignLease(_ process: WorkerProcess, _ own: UInt64) -> UInt64 {
        let others = processes.filter { $0.isAlive && $0.name != process.name }
        let leases = others.flatMap { $0.work.map(\.assign.lease) }
        return leases.isEmpty ? own + 1_000_000 : chance.pick(leases)
    }

    /// All faults stop, and what they did is mended.
    func heal() {
        areFaultsOver = true
        trace.note(.healed, at: now)
        scenario.isWild = false
        ledgerFailing = 0
        inputFailing = 0
        ledgerStallsUntil = 0
        coordinatorBusyUntil = 0
        coordinator.actionsToLive = nil
        coordinator.pausedUntil = 0
        disk.empty()
        watchRoom(at: now)
        wake()
        for host in hosts.indices {
            let isCut = max(ways[host].cutUntil.inward, ways[host].cutUntil.outward) > now
            if isCut, let index = liveConnection(of: host) { breakConnection(index) }
            ways[host] = Way()
            hosts[host].slowness = 1
            hosts[host].hangsUntil = 0
            hosts[host].lying = 0
            hosts[host].failing = 0
            // A later pause may have ended before an earlier one: it is still to be woken.
            if let process = hosts[host].process.map({ processes[$0] }), process.isAlive,
                process.nextTick > now + scenario.workerTick || process.pausedUntil > now
            {
                resume(process)
            }
            let isRunning = hosts.contains { other in
                other.name == hosts[host].name
                    && other.process.map { processes[$0].isAlive } ?? false
            }
            if !isRunning { events.push(.startProcess(host: host), at: now) }
        }
        scenario.jobCount = max(1, client.jobs.count)
        deadline = now + livenessBound
    }

    /// Has a process go on that stood still, and with it what waited for it.
    private func resume(_ process: WorkerProcess) {
        process.pausedUntil = 0
        scheduleTick(process, at: now)
        events.push(.engine(process: process.id, round: process.engineRound), at: now)
        events.push(.connect(process: process.id, socket: process.socket), at: now)
    }

    /// Virtual time in which every job must have ended once nothing goes wrong any more.
    var livenessBound: Moment {
        let records = client.jobs.reduce(0) { $0 + ($1.isEnded ? 0 : $1.input.recordCount) }
        // One worker in turn, a slow engine's leftover, and all timers of the protocol twice.
        return 4_000 * .second + UInt64(records) * (3 * scenario.recordTime + 4 * .second)
            + 200 * scenario.recordTime * UInt64(scenario.limits.shardRecordsMax)
    }
}
