package import Wire

/// A worker's side of the job plane, as a pure state machine.
///
/// No I/O, no clock: the thread that owns the socket feeds it messages, reports of the engine and
/// the time, and carries out the actions that it returns, in their order.
package struct WorkerSession {
    /// What the session asks of the threads around it.
    package enum Action: Equatable {
        /// Send a message; `notQueued` takes back one that cannot be sent.
        case send(WorkerMessage)
        /// Compute a shard whose input is complete.
        case compute(Assign, input: [UInt8])
        /// Stop computing a shard, if it is being computed.
        case stopComputing(UInt64)
        /// Make a new socket, for the old connection may be dead without saying so.
        case reconnect
        /// End the process.
        case exit(code: Int32, reason: String)
    }

    /// Milliseconds on a monotonic clock.
    package typealias Time = Int

    /// What is said in every greeting.
    let identity: Hello
    /// Shards computed at once, and as many waiting as one.
    private let capacity: Int
    private var shards = HeldShards()
    /// When the first result may have to be repeated; never later than it has to be.
    private var repeatsAt = Time.max
    private var greeter: Greeter
    private let limits: WorkerLimits
    private let startedAt: Time
    private var isDraining = false
    /// When the first tick of a drain came.
    private var drainingSince: Time?
    /// Leases received since the last welcome, and the credit last told.
    private var received: UInt64 = 0
    private var creditTold: UInt64 = 0
    private var lastHeartbeat: Time
    private var heartbeatInterval = 2_000
    /// Messages that could not be queued and that nothing else repeats.
    private var unsent: [WorkerMessage] = []

    private var watch: EngineWatch

    /// Results that may wait for their acknowledgement before no more work is asked for.
    static let resultsWaitingMax = 16

    /// Whether a coordinator has answered the last greeting.
    package var isWelcome: Bool { greeter.isWelcome }

    /// Starts with nothing held; `start` greets.
    package init(identity: Hello, now: Time, limits: WorkerLimits = WorkerLimits()) {
        self.limits = limits
        startedAt = now
        watch = EngineWatch(limit: limits.pass)
        self.identity = identity
        capacity = Int(identity.slots) + 1
        lastHeartbeat = now
        greeter = Greeter(name: "\(identity.machineID)/\(identity.instance)", now: now)
    }

    /// The first greeting.
    package mutating func start(now: Time) -> [Action] {
        greeter.greeted(now: now)
        return [hello()]
    }

    /// Finish what is computed, give back the rest, and leave.
    package mutating func drain() -> [Action] {
        guard !isDraining else {
            return leaveUnfinished(0, "told to stop twice")
        }
        isDraining = true
        // Said at once: if another process takes the name now, nobody has died.
        lastHeartbeat -= heartbeatInterval
        let held = shards.inOrder
        // The engine computes in order: the first that is not done is the one being computed.
        let running = held.first(where: \.isComputing)?.assign.lease
        let waiting = held.filter { !$0.isDone && $0.assign.lease != running }
        let leases = waiting.map(\.assign.lease)
        for lease in leases { shards.remove(lease) }
        var actions = stop(waiting)
        if !leases.isEmpty { actions.append(.send(.release(leases))) }
        return actions + leaveIfIdle()
    }

    /// Lets time pass: heartbeats, repeated results, reconnection.
    ///
    /// - Parameter passes: those that each replica of the engine has begun and ended.
    package mutating func tick(now: Time, passes: [UInt64] = []) -> [Action] {
        if watch.isHung(now: now, passes: passes) {
            let seconds = watch.limit / 1000
            let reason =
                "the engine has not come back from a pass in the \(seconds) s since its shard was "
                + "taken away; start the worker again"
            return [.send(.bye(reason: reason)), .exit(code: 75, reason: reason)]
        }
        if let time = limits.drainsAfter, !isDraining, now - startedAt >= time {
            drainingSince = now
            return drain()
        }
        if isDraining {
            let since = drainingSince ?? now
            drainingSince = since
            if now - since > limits.drain {
                let seconds = limits.drain / 1000
                return leaveUnfinished(
                    75,
                    "told to stop, with work that could not be delivered within \(seconds) s"
                )
            }
        }
        switch greeter.step(now: now) {
        case .nothing: break
        case .greet: return [hello()]
        case .greetAnew: return [.reconnect, hello()]
        case .leave:
            return [.exit(code: 75, reason: "no coordinator has said a word for a day")]
        }
        guard isWelcome else { return [] }
        var actions: [Action] = []
        if now - lastHeartbeat >= heartbeatInterval {
            lastHeartbeat = now
            actions.append(.send(.heartbeat(heartbeat())))
        }
        actions += unsent.map(Action.send) + credit()
        unsent = []
        return actions + repeatResults(now: now)
    }

    private mutating func repeatResults(now: Time) -> [Action] {
        guard now >= repeatsAt else { return [] }
        var messages: [WorkerMessage] = []
        var next = Time.max
        shards.updateAll { held in
            guard case .done(let result, var transfer) = held.state else { return }
            messages += transfer.repeatIfDue(result, held.assign.lease, now: now)
            held.state = .done(result, transfer)
            next = min(next, transfer.nextRepeat)
        }
        repeatsAt = next
        return messages.map(Action.send)
    }

    /// Takes a message of the coordinator.
    package mutating func received(_ message: CoordinatorMessage, now: Time) -> [Action] {
        greeter.heard(now: now)
        switch message {
        case .welcome(let welcome): return welcomed(welcome)
        case .refuse(_, let retryAfter, let text):
            guard retryAfter < 60_000 else { return [.exit(code: 78, reason: text)] }
            greeter.postpone(until: now + Int(retryAfter))
            return []
        case .assign(let assign): return assigned(assign)
        case .inputChunk(let lease, let offset, let bytes):
            return inputArrived(lease, offset, bytes)
        case .chunkAck(let lease, let nextOffset):
            return update(lease) { $0.acknowledge(nextOffset, $1, lease, now: now) }
        case .resultAck(let lease, .resend):
            return update(lease) { $0.restart($1, lease, now: now) }
        case .resultAck(let lease, _):
            shards.remove(lease)
            return credit() + leaveIfIdle()
        case .cancel(let lease): return cancelled([lease])
        case .heartbeatAck(_, let cancel): return cancelled(cancel)
        case .resync:
            return greeter.forgotten(now: now) ? [hello()] : []
        case .fenced:
            // A word from it shows that it did not die of its shard.
            let reason = "a newer process has taken this worker's name"
            return [.send(.bye(reason: reason)), .exit(code: 75, reason: reason)]
        case .drain: return isDraining ? [] : drain()
        }
    }

    /// Takes back a message that could not be queued; it is said again when time has passed.
    package mutating func notQueued(_ message: WorkerMessage) {
        switch message {
        case .hello: greeter.notSent()
        case .credit: creditTold = 0
        case .fail, .release, .inputAck: unsent.append(message)
        case .heartbeat, .resultChunk, .resultEnd, .bye: break
        }
    }

    /// Takes note of how far the engine is.
    package mutating func progressed(_ lease: UInt64, records: Int, tokens: Int) {
        _ = shards.update(lease) { held in
            held.records = records
            held.tokens = tokens
        }
    }

    /// Takes a computed result and sends it.
    package mutating func computed(_ lease: UInt64, _ result: ShardResult, now: Time) -> [Action] {
        guard let assign = shards[lease]?.assign else { return [] }
        guard result.bytes.count <= WireLimits.resultBytesMax else {
            let text =
                "the answers from line \(assign.firstLine + 1) on have more than "
                + "\(WireLimits.resultBytesMax) bytes; ask for fewer tokens or samples, "
                + "or for fewer labels with --top-labels"
            return failed(lease, .engine, text: text)
        }
        var transfer = ResultTransfer(now: now)
        let messages = transfer.start(result, lease)
        repeatsAt = min(repeatsAt, transfer.nextRepeat)
        _ = shards.update(lease) { $0.state = .done(result, transfer) }
        return messages.map(Action.send) + credit()
    }

    /// Takes the engine's word that a shard cannot be computed here.
    package mutating func failed(
        _ lease: UInt64,
        _ failure: FailureClass,
        text: String
    ) -> [Action] {
        guard shards.remove(lease) != nil else { return [] }
        return [.send(.fail(lease: lease, failure, record: -1, text: text))] + credit()
            + leaveIfIdle()
    }

    // MARK: - Parts

    /// All that is held, in the engine's order.
    var held: [HeldShard] { shards.inOrder }

    private mutating func welcomed(_ welcome: Welcome) -> [Action] {
        greeter.welcomed()
        heartbeatInterval = max(100, Int(welcome.heartbeatMilliseconds))
        received = 0
        creditTold = 0
        var actions = cancelled(welcome.drop)
        shards.updateAll { held in
            guard case .done(let result, var transfer) = held.state else { return }
            actions += transfer.start(result, held.assign.lease).map(Action.send)
            held.state = .done(result, transfer)
        }
        return actions + credit()
    }

    private mutating func assigned(_ assign: Assign) -> [Action] {
        guard !shards.contains(assign.lease) else { return [] }
        received += 1
        // Above what was asked for only as far as a heartbeat can name it.
        guard !isDraining, shards.count < WireLimits.listCountMax else {
            return [.send(.release([assign.lease]))]
        }
        var named = assign
        named.bytes = []
        shards.append(HeldShard(assign: named, state: .receiving(assign.bytes)))
        return computeIfComplete(assign.lease)
    }

    private mutating func inputArrived(
        _ lease: UInt64,
        _ offset: UInt64,
        _ bytes: [UInt8]
    ) -> [Action] {
        let count = shards.update(lease) { held -> Int? in
            guard case .receiving(var input) = held.state else { return nil }
            // Or the bytes would be copied for each of their parts.
            held.state = .computing
            if offset == UInt64(input.count) { input += bytes }
            held.state = .receiving(input)
            return input.count
        }
        guard let count = count ?? nil else { return [] }
        return [.send(.inputAck(lease: lease, nextOffset: UInt64(count)))]
            + computeIfComplete(lease)
    }

    private mutating func computeIfComplete(_ lease: UInt64) -> [Action] {
        guard let held = shards[lease], case .receiving(let input) = held.state,
            UInt64(input.count) >= held.assign.inputByteCount
        else { return [] }
        // Those being computed stand in the engine's order, which is that of complete inputs.
        shards.remove(lease)
        shards.append(HeldShard(assign: held.assign, state: .computing))
        return [.compute(held.assign, input: input)]
    }

    private mutating func cancelled(_ leases: [UInt64]) -> [Action] {
        stop(shards.remove(leases)) + credit() + leaveIfIdle()
    }

    /// Tells how many leases may be given in all, when that has grown.
    private mutating func credit() -> [Action] {
        guard isWelcome, !isDraining else { return [] }
        // More than a heartbeat can name would be given back at once.
        let heldMax = min(capacity + Self.resultsWaitingMax, WireLimits.listCountMax)
        let room = min(capacity - shards.activeCount, heldMax - shards.count)
        let total = received + UInt64(max(0, room))
        guard total > creditTold else { return [] }
        creditTold = total
        return [.send(.credit(total: total))]
    }

    private mutating func stop(_ ended: [HeldShard]) -> [Action] {
        let computing = ended.filter(\.isComputing)
        if !computing.isEmpty { watch.shardTaken() }
        return computing.map { .stopComputing($0.assign.lease) }
    }

    /// Gives back what no time is left for.
    private mutating func leaveUnfinished(_ code: Int32, _ reason: String) -> [Action] {
        let unfinished = shards.inOrder.filter { !$0.isDone }
        var actions = stop(unfinished)
        if !unfinished.isEmpty {
            actions.append(.send(.release(unfinished.map(\.assign.lease))))
        }
        shards.removeAll()
        return actions + [.send(.bye(reason: reason)), .exit(code: code, reason: reason)]
    }

    private func leaveIfIdle() -> [Action] {
        guard isDraining, shards.isEmpty else { return [] }
        return [.send(.bye(reason: "drained")), .exit(code: 0, reason: "drained")]
    }

    private mutating func update(
        _ lease: UInt64,
        _ change: (inout ResultTransfer, ShardResult) -> [WorkerMessage]
    ) -> [Action] {
        let messages = shards.update(lease) { held -> [WorkerMessage] in
            guard case .done(let result, var transfer) = held.state else { return [] }
            let messages = change(&transfer, result)
            held.state = .done(result, transfer)
            return messages
        }
        return (messages ?? []).map(Action.send)
    }

    private mutating func hello() -> Action {
        // What was on its way over an older connection is lost: a half input is given back.
        for held in shards.inOrder {
            if case .receiving = held.state { shards.remove(held.assign.lease) }
        }
        var hello = identity
        hello.held = shards.inOrder.map { HeldLease(lease: $0.assign.lease, isDone: $0.isDone) }
        return .send(.hello(hello))
    }

    private func heartbeat() -> Heartbeat {
        Heartbeat(
            isDraining: isDraining,
            residentMiB: 0,
            held: shards.inOrder.map {
                HeldProgress(
                    lease: $0.assign.lease,
                    records: UInt32(clamping: $0.records),
                    tokens: UInt64(clamping: $0.tokens)
                )
            }
        )
    }
}
