import Platform
import Wire
import Worker

/// One process of a worker: its session, its socket's state, and an engine that computes nothing.
final class WorkerProcess {
    /// A shard that the engine has or will have.
    struct Work {
        let assign: Assign
        let lines: [InputLine]
        let isIntact: Bool
    }

    let id: Int
    let host: Int
    let name: String
    let sessionID: WireSession
    var session: WorkerSession
    var epoch: UInt64 = 0
    var sequence: UInt64 = 0
    /// Counts the sockets that it has made.
    var socket = 0
    var connection: Int?
    var isAlive = true
    var pausedUntil: Moment = 0
    /// When time passes for it next; another tick at this time is void.
    var nextTick: Moment = 0
    /// What arrived while it stood still.
    var arrived: [(connection: Int, frames: Frames)] = []
    var work: [Work] = []
    /// Which of the engine's ends is awaited.
    var engineRound = 0
    var isComputing = false
    /// The shard at hand was cancelled in a pass that hangs.
    var isLetGo = false
    /// When the shard at hand was begun.
    var begun: Moment = 0
    /// Passes that the engine has begun and ended: odd while one runs.
    var passes: UInt64 = 0

    init(id: Int, host: Int, name: String, slots: UInt32, chance: inout Chance, now: Moment) {
        self.id = id
        self.host = host
        self.name = name
        sessionID = WireSession(high: chance.bits(), low: chance.bits())
        session = WorkerSession(
            identity: Hello(
                build: "simulation",
                machineID: "machine \(host)",
                bootID: "",
                instance: name,
                cores: 1,
                memoryMiB: 1,
                models: [],
                slots: slots,
                held: []
            ),
            now: Int(now / .millisecond)
        )
    }
}

/// A place where a worker runs, and how it is at present.
struct WorkerHost {
    let name: String
    let slots: UInt32
    var process: Int?
    /// How many times slower than others.
    var slowness: UInt64 = 1
    var hangsUntil: Moment = 0
    /// Chances that a message is not what it should be, and that the engine gives up a shard.
    var lying = 0.0
    var failing = 0.0
}

extension World {
    var milliseconds: Int { Int(now / .millisecond) }

    /// Starts a host's worker where none runs.
    func startProcess(on host: Int) {
        if let old = hosts[host].process, processes[old].isAlive { return }
        let process = WorkerProcess(
            id: processes.count,
            host: host,
            name: hosts[host].name,
            slots: hosts[host].slots,
            chance: &chance,
            now: now
        )
        processes.append(process)
        hosts[host].process = process.id
        trace.note(.started, at: now, UInt64(host), UInt64(process.id))
        events.push(.connect(process: process.id, socket: 0), at: now + chance.time(1, 50))
        scheduleTick(process, at: now + .millisecond * 10)
        perform(process.session.start(now: milliseconds), of: process)
    }

    /// A process ends without a word; what starts workers again does so later.
    func endProcess(_ process: WorkerProcess, restartsAfter delay: Moment?) {
        guard process.isAlive else { return }
        process.isAlive = false
        process.work = []
        process.arrived = []
        trace.note(.ended, at: now, UInt64(process.id))
        if let index = process.connection {
            connections[index].isOpenAtWorker = false
            breakConnection(index)
        }
        if let delay { events.push(.startProcess(host: process.host), at: now + delay) }
    }

    func tick(_ process: WorkerProcess) {
        guard process.isAlive, process.nextTick == now else { return }
        if process.pausedUntil > now { return scheduleTick(process, at: process.pausedUntil) }
        let arrived = process.arrived
        process.arrived = []
        for (connection, frames) in arrived { receive(frames, over: connection) }
        guard process.isAlive else { return }
        let isHung = hosts[process.host].hangsUntil > now
        if let current = process.work.first, process.isComputing, !isHung {
            let tokens = Int((now - process.begun) / .millisecond)
            process.session.progressed(current.assign.lease, records: 0, tokens: tokens)
        }
        let actions = process.session.tick(now: milliseconds, passes: [process.passes])
        perform(actions, of: process)
        guard process.isAlive else { return }
        scheduleTick(process, at: now + scenario.workerTick)
    }

    func scheduleTick(_ process: WorkerProcess, at time: Moment) {
        process.nextTick = time
        events.push(.tick(process: process.id), at: time)
    }

    /// A message reaches a worker; as in its loop, an older life has nothing to say.
    func receive(_ frames: Frames, over index: Int) {
        let process = processes[connections[index].process]
        guard process.isAlive, process.connection == index, !connections[index].isBroken else {
            return
        }
        if process.pausedUntil > now {
            process.arrived.append((index, frames))
            return
        }
        guard let (envelope, message) = try? CoordinatorMessage.decode(frames) else {
            checker.violate("a worker cannot read a message of the coordinator")
            return
        }
        guard envelope.epoch >= process.epoch || message == .resync else {
            if case .welcome = message {
                checker.violate("the epoch fell from \(process.epoch) to \(envelope.epoch)")
            }
            return
        }
        if case .welcome = message { process.epoch = envelope.epoch }
        perform(process.session.received(message, now: milliseconds), of: process)
    }

    func perform(_ actions: [WorkerSession.Action], of process: WorkerProcess) {
        for action in actions where process.isAlive {
            switch action {
            case .send(let message): send(message, of: process)
            case .compute(let assign, let input): begin(assign, input, on: process)
            case .stopComputing(let lease): stop(lease, on: process)
            case .reconnect:
                if let index = process.connection {
                    connections[index].isLeft = true
                    connections[index].isOpenAtWorker = false
                    events.push(.breakSeen(connection: index, byWorker: false), at: now + .second)
                }
                process.connection = nil
                process.socket += 1
                events.push(
                    .connect(process: process.id, socket: process.socket),
                    at: now + chance.time(1, 50)
                )
            case .exit:
                // Of two with one name the one that is fenced stays away, while the other lives.
                let isTwin = hosts.indices.contains { host in
                    host != process.host && hosts[host].name == process.name
                        && hosts[host].process.map { processes[$0].isAlive } ?? false
                }
                endProcess(process, restartsAfter: isTwin ? nil : chance.time(500, 10_000))
            }
        }
    }

    private func send(_ message: WorkerMessage, of process: WorkerProcess) {
        process.sequence += 1
        var envelope = Envelope(
            epoch: process.epoch,
            session: process.sessionID,
            sequence: process.sequence
        )
        var said = message
        if chance.happens(hosts[process.host].lying) { lie(&said, &envelope, of: process) }
        if !sendInward(said.encode(envelope), of: process) {
            process.session.notQueued(message)
        }
    }

    // MARK: - The engine

    private func begin(_ assign: Assign, _ input: [UInt8], on process: WorkerProcess) {
        let digest = XXH3.digest(input)
        let isIntact = digest.high == assign.digestHigh && digest.low == assign.digestLow
        process.work.append(
            WorkerProcess.Work(
                assign: assign,
                lines: InputLine.parse(input),
                isIntact: isIntact
            )
        )
        if !process.isComputing { computeNext(on: process) }
    }

    private func stop(_ lease: UInt64, on process: WorkerProcess) {
        let isCurrent = process.work.first?.assign.lease == lease && !process.isLetGo
        process.work.removeAll { $0.assign.lease == lease }
        guard isCurrent else { return }
        // A pass that hangs is not left because its shard is not wanted any more.
        if hosts[process.host].hangsUntil > now {
            process.engineRound += 1
            events.push(
                .engine(process: process.id, round: process.engineRound),
                at: hosts[process.host].hangsUntil
            )
            process.isLetGo = true
        } else {
            process.passes += 1
            computeNext(on: process)
        }
    }

    private func computeNext(on process: WorkerProcess) {
        process.engineRound += 1
        process.isComputing = !process.work.isEmpty
        guard let work = process.work.first else { return }
        process.begun = now
        process.passes += 1
        let fatal = work.lines.firstIndex(where: \.isPoison)
        let records = UInt64(fatal ?? work.lines.count)
        let time = records * scenario.recordTime * hosts[process.host].slowness + .millisecond
        events.push(
            .engine(process: process.id, round: process.engineRound),
            at: max(now, hosts[process.host].hangsUntil) + time
        )
    }

    /// The engine has come to an end with its shard, or to its own.
    func engineEnded(_ process: WorkerProcess, round: Int) {
        guard process.isAlive, process.engineRound == round else { return }
        let halt = max(process.pausedUntil, hosts[process.host].hangsUntil)
        if halt > now {
            events.push(.engine(process: process.id, round: round), at: halt)
            return
        }
        process.passes += 1
        if process.isLetGo {
            process.isLetGo = false
            return computeNext(on: process)
        }
        guard let work = process.work.first else { return }
        if work.lines.contains(where: \.isPoison) {
            return endProcess(process, restartsAfter: chance.time(100, 5_000))
        }
        process.work.removeFirst()
        let lease = work.assign.lease
        trace.note(.computed, at: now, UInt64(process.id), lease)
        let actions =
            if !work.isIntact {
                process.session.failed(lease, .badInput, text: "another input")
            } else if chance.happens(hosts[process.host].failing) {
                process.session.failed(lease, .engine, text: "the engine gave up")
            } else {
                process.session.computed(lease, answers(to: work), now: milliseconds)
            }
        computeNext(on: process)
        perform(actions, of: process)
    }

    private func answers(to work: WorkerProcess.Work) -> ShardResult {
        nextNonce += 1
        var bytes: [UInt8] = []
        for (place, line) in work.lines.enumerated() {
            let answer = AnswerLine(
                index: Int(work.assign.firstLine) + line.offset,
                echo: line.number,
                lease: Int(work.assign.lease),
                nonce: nextNonce,
                place: place,
                count: work.lines.count,
                isError: line.isFaulty
            )
            answer.append(to: &bytes, padding: scenario.answerPadding)
        }
        let digest = XXH3.digest(bytes)
        return ShardResult(
            bytes: bytes,
            records: work.lines.count,
            failedRecords: work.lines.count { $0.isFaulty },
            tokens: work.lines.count,
            digestHigh: digest.high,
            digestLow: digest.low
        )
    }
}
