import Testing
import Wire

@testable import Worker

/// A worker's session, and short ways to feed it.
struct SessionBench {
    static let chunk = WireLimits.payloadBytesMax
    var session: WorkerSession
    var now = 50_000

    init(slots: UInt32 = 1, limits change: (inout WorkerLimits) -> Void = { _ in }) {
        var limits = WorkerLimits()
        change(&limits)
        session = WorkerSession(
            identity: Hello(
                build: "test",
                machineID: "machine",
                bootID: "boot",
                instance: "worker",
                cores: 2,
                memoryMiB: 100,
                models: [],
                slots: slots,
                held: []
            ),
            now: now,
            limits: limits
        )
    }

    /// A session that has been welcomed.
    static func welcomed(
        slots: UInt32 = 1,
        limits change: (inout WorkerLimits) -> Void = { _ in }
    ) -> SessionBench {
        var bench = SessionBench(slots: slots, limits: change)
        _ = bench.start()
        _ = bench.welcome()
        return bench
    }

    mutating func start() -> [WorkerSession.Action] { session.start(now: now) }

    static func assign(_ lease: UInt64, _ bytes: [UInt8], of byteCount: Int? = nil) -> Assign {
        Assign(
            lease: lease,
            job: "job",
            shard: lease,
            attempt: 1,
            modelDigest: "digest",
            modelPath: "/model",
            options: "{}",
            firstLine: 0,
            lineCount: 1,
            recordCount: 1,
            inputByteCount: UInt64(byteCount ?? bytes.count),
            digestHigh: 0,
            digestLow: 0,
            isOverlong: false,
            bytes: bytes
        )
    }

    static func result(_ byteCount: Int) -> ShardResult {
        ShardResult(
            bytes: (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 / 7) },
            records: 3,
            failedRecords: 1,
            tokens: 40,
            digestHigh: 5,
            digestLow: 6
        )
    }

    static func end(_ lease: UInt64, _ result: ShardResult, bytes: [UInt8]) -> WorkerMessage {
        .resultEnd(
            ResultEnd(
                lease: lease,
                records: 3,
                failedRecords: 1,
                tokens: 40,
                byteCount: UInt64(result.bytes.count),
                digestHigh: 5,
                digestLow: 6,
                bytes: bytes
            )
        )
    }

    mutating func welcome(keep: [UInt64] = [], drop: [UInt64] = []) -> [WorkerSession.Action] {
        receive(
            .welcome(
                Welcome(
                    generation: 1,
                    heartbeatMilliseconds: 2_000,
                    deadMilliseconds: 20_000,
                    keep: keep,
                    drop: drop
                )
            )
        )
    }

    mutating func receive(_ message: CoordinatorMessage) -> [WorkerSession.Action] {
        session.received(message, now: now)
    }

    /// Assigns a shard whose input is complete.
    mutating func assign(_ lease: UInt64) -> [WorkerSession.Action] {
        receive(.assign(Self.assign(lease, [1, 2, 3])))
    }

    mutating func compute(_ lease: UInt64, _ byteCount: Int = 10) -> [WorkerSession.Action] {
        session.computed(lease, Self.result(byteCount), now: now)
    }

    mutating func pass(_ milliseconds: Int) -> [WorkerSession.Action] {
        now += milliseconds
        return session.tick(now: now)
    }

    var leases: [UInt64] { session.held.map(\.assign.lease) }
}

extension [WorkerSession.Action] {
    var messages: [WorkerMessage] {
        compactMap { if case .send(let message) = $0 { message } else { nil } }
    }

    var computed: [UInt64] {
        compactMap { if case .compute(let assign, _) = $0 { assign.lease } else { nil } }
    }

    var credits: [UInt64] {
        messages.compactMap { if case .credit(let total) = $0 { total } else { nil } }
    }

    var greetings: [Hello] {
        messages.compactMap { if case .hello(let hello) = $0 { hello } else { nil } }
    }

    var heartbeats: [Heartbeat] {
        messages.compactMap { if case .heartbeat(let beat) = $0 { beat } else { nil } }
    }

    /// The offsets of a result's chunks.
    var chunks: [Int] {
        messages.compactMap { message in
            if case .resultChunk(_, let offset, _) = message { Int(offset) } else { nil }
        }
    }

    var exits: [Int32] {
        compactMap { if case .exit(let code, _) = $0 { code } else { nil } }
    }
}
