import Glibc
import Platform
import Wire

/// The loop that owns the worker's socket; it decides nothing, the session does.
final class WorkerLoop {
    private let configuration: WorkerConfiguration
    private let mailbox: Mailbox<WorkerEvent>
    private let computer: any ShardComputer
    private let report: (String) -> Void
    private var connection = ConnectionNews(now: WorkerLoop.now)
    private let context: Context
    private var socket: Socket
    private var session: WorkerSession
    private let sessionID = WireSession(high: Entropy.bits(), low: Entropy.bits())
    private var epoch: UInt64 = 0
    private var sequence: UInt64 = 0
    private var ending: (code: Int32, reason: String)?

    private static let tickMilliseconds = 200
    /// The same until the coordinator has answered: a connection is up within milliseconds.
    private static let greetingMilliseconds = 10
    /// The same while it may be up at any moment.
    private static let firstMilliseconds = 1
    private static let firstTime = 100
    private static let lingerMilliseconds: Int32 = 5_000

    init(
        _ configuration: WorkerConfiguration,
        _ mailbox: Mailbox<WorkerEvent>,
        _ computer: some ShardComputer,
        slots: Int,
        report: @escaping (String) -> Void
    ) throws(WireError) {
        let context = try Context()
        let socket = try Socket(
            .dealer,
            configuration.coordinator,
            context: context,
            lingerMilliseconds: Self.lingerMilliseconds
        )
        self.configuration = configuration
        self.mailbox = mailbox
        self.computer = computer
        self.report = report
        self.context = context
        self.socket = socket
        session = WorkerSession(
            identity: Hello(
                build: configuration.build,
                machineID: configuration.machineID,
                bootID: configuration.bootID,
                instance: configuration.instance,
                cores: UInt32(configuration.cores),
                memoryMiB: UInt64(configuration.memoryMiB),
                models: [],
                slots: UInt32(slots),
                held: []
            ),
            now: Self.now,
            limits: configuration.limits
        )
    }

    private static var now: Int { Int(MonotonicClock.nanoseconds() / 1_000_000) }

    func run() throws(WireError) -> (code: Int32, reason: String) {
        let began = Self.now
        try perform(session.start(now: Self.now))
        while true {
            if let ending { return ending }
            try mailbox.wait(with: socket, milliseconds: pause(since: began))
            for event in mailbox.take() { try handle(event) }
            try receiveMessages()
            try perform(session.tick(now: Self.now, passes: computer.passCounts))
            let news = connection.news(
                of: configuration.coordinator,
                isWelcome: session.isWelcome,
                now: Self.now
            )
            if let news { report(news) }
        }
    }

    private func pause(since began: Int) -> Int {
        if session.isWelcome { return Self.tickMilliseconds }
        let isNew = Self.now - began < Self.firstTime
        return isNew ? Self.firstMilliseconds : Self.greetingMilliseconds
    }

    private func handle(_ event: WorkerEvent) throws(WireError) {
        switch event {
        case .progressed(let lease, let records, let tokens):
            session.progressed(lease, records: records, tokens: tokens)
        case .computed(let lease, let result):
            try perform(session.computed(lease, result, now: Self.now))
        case .failed(let lease, let failure, let text):
            report("a shard cannot be computed: \(text)")
            try perform(session.failed(lease, failure, text: text))
        case .drain:
            try perform(session.drain())
        }
    }

    private func receiveMessages() throws(WireError) {
        while true {
            guard case .message(_, let frames) = try socket.receive() else { return }
            let envelope: Envelope
            let message: CoordinatorMessage
            do throws(WireError) {
                (envelope, message) = try CoordinatorMessage.decode(frames)
            } catch {
                continue
            }
            // An older life of the coordinator has nothing more to say.
            guard envelope.epoch >= epoch || message == .resync else {
                if case .welcome = message { ending = Self.lostLedger(epoch, envelope.epoch) }
                continue
            }
            if case .welcome = message { epoch = envelope.epoch }
            try perform(session.received(message, now: Self.now))
        }
    }

    /// The end of a worker whose coordinator has forgotten its past.
    private static func lostLedger(_ known: UInt64, _ new: UInt64) -> (Int32, String) {
        let reason =
            "the coordinator's life number fell from \(known) to \(new): it has another state "
            + "folder than before, or two coordinators share the address; start the worker again"
        return (75, reason)
    }

    /// Memory of this process that is in use now.
    private static var residentMiB: UInt32 {
        guard let file = try? FileDescriptor(opening: "/proc/self/statm"),
            let bytes = try? file.read(count: 128, at: 0)
        else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        let pages = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
        return UInt32(clamping: (pages * sysconf(Int32(_SC_PAGESIZE))) >> 20)
    }

    private func perform(_ actions: [WorkerSession.Action]) throws(WireError) {
        for action in actions {
            switch action {
            case .send(var message):
                if case .heartbeat(var heartbeat) = message {
                    heartbeat.residentMiB = Self.residentMiB
                    message = .heartbeat(heartbeat)
                }
                sequence += 1
                let envelope = Envelope(epoch: epoch, session: sessionID, sequence: sequence)
                if try socket.send(message.encode(envelope)) != .queued {
                    session.notQueued(message)
                }
            case .compute(let assign, let input):
                computer.post(assign, input: input)
            case .stopComputing(let lease):
                computer.cancel(lease)
            case .reconnect:
                socket = try Socket(
                    .dealer,
                    configuration.coordinator,
                    context: context,
                    lingerMilliseconds: Self.lingerMilliseconds
                )
            case .exit(let code, let reason):
                ending = (code, reason)
            }
        }
    }
}
