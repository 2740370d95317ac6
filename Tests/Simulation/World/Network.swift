import Wire

/// How the way to one host is at present; it carries what TCP would.
struct Way {
    /// Milliseconds that a message takes, at least and at most.
    var delay = (low: 1, high: 5)
    /// Chance that a message's connection breaks, with all that is under way.
    var breaking = 0.0
    /// Chance that a send is refused, as a full queue would.
    var refusing = 0.0
    /// Chances that no TCP has: for the promises that hold whatever arrives.
    var losing = 0.0
    var repeating = 0.0
    var isReordering = false
    /// Until when nothing passes: to the coordinator, and from it.
    var cutUntil: (inward: Moment, outward: Moment) = (0, 0)
}

/// One connection of one socket; the coordinator knows it by its routing id.
struct Connection {
    let process: Int
    /// The life of the coordinator that it leads to.
    let life: Int
    /// What is under way is lost, though neither end may know yet.
    var isBroken = false
    /// The worker has closed it; what it sent before still arrives.
    var isLeft = false
    /// Whether each end takes it for open.
    var isOpenAtWorker = true
    var isOpenAtCoordinator = true
    /// When the last message of each direction arrives.
    var lastInward: Moment = 0
    var lastOutward: Moment = 0
}

/// The routing id of a connection: as ROUTER makes it, a zero and four bytes.
func routingID(_ connection: Int) -> [UInt8] {
    let number = UInt32(truncatingIfNeeded: connection)
    return [
        0, UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16),
        UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
    ]
}

/// The connection that a routing id names.
func connection(_ routingID: [UInt8]) -> Int {
    routingID.dropFirst().reduce(0) { $0 << 8 | Int($1) }
}

extension World {
    /// A worker's socket sends; false where it cannot queue the message.
    func sendInward(_ frames: Frames, of process: WorkerProcess) -> Bool {
        guard let index = process.connection, connections[index].isOpenAtWorker else {
            return false
        }
        let way = ways[process.host]
        if chance.happens(way.refusing) { return false }
        if chance.happens(way.breaking) { breakConnection(index) }
        let arrival = arrival(
            way,
            after: connections[index].lastInward,
            cutUntil: way.cutUntil.inward
        )
        guard !connections[index].isBroken, !chance.happens(way.losing) else {
            trace.note(.lost, at: now, UInt64(index))
            return true
        }
        connections[index].lastInward = arrival
        events.push(.toCoordinator(connection: index, frames), at: arrival)
        if chance.happens(way.repeating) {
            events.push(
                .toCoordinator(connection: index, frames),
                at: arrival + chance.time(1, 900)
            )
        }
        return true
    }

    /// The coordinator's socket sends; false where the peer is gone or its queue is full.
    func sendOutward(_ frames: Frames, to index: Int) -> Bool {
        guard connections.indices.contains(index), connections[index].isOpenAtCoordinator,
            connections[index].life == coordinator.life
        else { return false }
        let way = ways[processes[connections[index].process].host]
        if chance.happens(way.refusing) { return false }
        if chance.happens(way.breaking) { breakConnection(index) }
        let arrival = arrival(
            way,
            after: connections[index].lastOutward,
            cutUntil: way.cutUntil.outward
        )
        guard !connections[index].isBroken, !connections[index].isLeft,
            !chance.happens(way.losing)
        else {
            trace.note(.lost, at: now, UInt64(index))
            return true
        }
        connections[index].lastOutward = arrival
        events.push(.toWorker(connection: index, frames), at: arrival)
        if chance.happens(way.repeating) {
            events.push(.toWorker(connection: index, frames), at: arrival + chance.time(1, 900))
        }
        return true
    }

    private func arrival(_ way: Way, after last: Moment, cutUntil: Moment) -> Moment {
        let delayed = max(now, cutUntil) + chance.time(way.delay.low, way.delay.high)
        return way.isReordering ? delayed : max(delayed, last + 1)
    }

    /// Loses what is under way; each end learns of it now or when its heartbeats fail.
    func breakConnection(_ index: Int) {
        guard !connections[index].isBroken else { return }
        connections[index].isBroken = true
        trace.note(.broken, at: now, UInt64(index))
        for isWorkers in [true, false] {
            let delay = chance.happens(0.5) ? 0 : chance.time(100, 15_000)
            events.push(.breakSeen(connection: index, byWorker: isWorkers), at: now + delay)
        }
    }

    /// One end knows that its connection is gone; the worker's socket makes another.
    func breakSeen(_ index: Int, byWorker: Bool) {
        guard byWorker else {
            connections[index].isOpenAtCoordinator = false
            return
        }
        guard connections[index].isOpenAtWorker else { return }
        connections[index].isOpenAtWorker = false
        let process = processes[connections[index].process]
        guard process.isAlive, process.connection == index else { return }
        process.connection = nil
        events.push(
            .connect(process: process.id, socket: process.socket),
            at: now + chance.time(250, 8_000)
        )
    }

    /// A worker's socket tries to reach the coordinator.
    func connect(_ process: WorkerProcess, socket: Int) {
        guard process.isAlive, process.socket == socket, process.connection == nil else { return }
        let way = ways[process.host]
        let isReachable =
            coordinator.isUp && max(way.cutUntil.inward, way.cutUntil.outward) <= now
        guard isReachable, process.pausedUntil <= now else {
            events.push(
                .connect(process: process.id, socket: socket),
                at: max(process.pausedUntil, now + chance.time(250, 8_000))
            )
            return
        }
        connections.append(Connection(process: process.id, life: coordinator.life))
        process.connection = connections.count - 1
        trace.note(.connected, at: now, UInt64(process.id), UInt64(connections.count - 1))
    }
}
