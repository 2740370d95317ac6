import Platform
import Scheduling
import Testing
import Wire

@testable import Coordinator

/// A coordinator and a worker that says only what a test has it say; for one thread.
final class HandWorker {
    let coordinator: Coordinator
    let session = WireSession(high: 7, low: Entropy.bits())
    var epoch: UInt64 = 0
    private var sequence: UInt64 = 0
    private let socket: Socket
    private let pause = Mailbox<Int>()
    /// How long anything may take, nanoseconds.
    private static let patience: UInt64 = 15_000_000_000

    convenience init(_ folder: TestFolder, limits: SchedulerLimits = SchedulerLimits()) throws {
        try self.init(state: folder.file("state"), limits: limits)
    }

    init(
        state: String,
        limits: SchedulerLimits = SchedulerLimits(),
        keepsRoom: Bool = false
    ) throws {
        coordinator = try Coordinator(
            state: state,
            listening: Endpoint.listening("tcp://127.0.0.1:*"),
            limits: limits,
            keepsRoom: keepsRoom
        )
        socket = try Socket(
            .dealer,
            Endpoint.connecting(coordinator.endpoint),
            context: Context(),
            lingerMilliseconds: 0
        )
    }

    deinit {
        coordinator.stop()
    }

    func send(_ message: WorkerMessage) throws {
        sequence += 1
        let envelope = Envelope(epoch: epoch, session: session, sequence: sequence)
        try send(message.encode(envelope))
    }

    /// Sends frames that need not be a message, as soon as there is a connection.
    func send(_ frames: Frames) throws {
        try wait("a connection") { try self.socket.send(frames) == .queued }
    }

    /// The next message; fails where none comes.
    func next() throws -> CoordinatorMessage {
        var found: (Envelope, CoordinatorMessage)?
        try wait("a message") {
            if case .message(_, let frames) = try self.socket.receive() {
                found = try CoordinatorMessage.decode(frames)
            }
            return found != nil
        }
        let (envelope, message) = try #require(found)
        #expect(envelope.session == session)
        if case .welcome = message { epoch = envelope.epoch }
        return message
    }

    /// Lets the loop work until something is so.
    func wait(_ what: String, until isSo: () throws -> Bool) throws {
        let deadline = MonotonicClock.nanoseconds() + Self.patience
        while try !isSo() {
            try #require(MonotonicClock.nanoseconds() < deadline, "waited in vain for \(what)")
            try pause.wait(with: socket, milliseconds: 5)
        }
    }

    func greet(credit: UInt64, versions: ClosedRange<UInt16> = 1...1) throws {
        try send(
            .hello(
                Hello(
                    versionMin: versions.lowerBound,
                    versionMax: versions.upperBound,
                    build: "test",
                    machineID: "machine",
                    bootID: "boot",
                    instance: "hand",
                    cores: 1,
                    memoryMiB: 1,
                    models: [],
                    slots: 1,
                    held: []
                )
            )
        )
        guard credit > 0 else { return }
        guard case .welcome = try next() else {
            Issue.record("a greeting was not answered with a welcome")
            return
        }
        try send(.credit(total: credit))
    }

    /// The next shard, with all its input.
    func takeShard() throws -> (assign: Assign, input: [UInt8]) {
        guard case .assign(let assign) = try next() else {
            Issue.record("expected a shard")
            throw WireError.frameCount(got: 0)
        }
        var input = assign.bytes
        while input.count < Int(assign.inputByteCount) {
            guard case .inputChunk(assign.lease, let offset, let bytes) = try next() else {
                Issue.record("expected more of the input")
                break
            }
            #expect(Int(offset) == input.count)
            input += bytes
            try send(.inputAck(lease: assign.lease, nextOffset: UInt64(input.count)))
        }
        #expect(
            ContentDigest(of: input)
                == ContentDigest(high: assign.digestHigh, low: assign.digestLow)
        )
        return (assign, input)
    }

    func end(
        _ lease: UInt64,
        _ answers: [UInt8],
        records: UInt32,
        failed: UInt32 = 0,
        inline: Bool = true
    ) throws {
        let digest = ContentDigest(of: answers)
        try send(
            .resultEnd(
                ResultEnd(
                    lease: lease,
                    records: records,
                    failedRecords: failed,
                    tokens: 1,
                    byteCount: UInt64(answers.count),
                    digestHigh: digest.high,
                    digestLow: digest.low,
                    bytes: inline ? answers : []
                )
            )
        )
    }

    func state(of job: JobID) -> JobStatus? {
        coordinator.status.jobs.first { $0.id == job.description }
    }
}
