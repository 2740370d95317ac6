import Glibc
import Platform
import Records
import Synchronization
import Wire
import Worker

/// Stands for the engine: one thread that answers shards in the order in which they come.
final class StubComputer: ShardComputer {
    private let thread: RequestThread<Request>
    private let passes = PassCount()

    private struct Request: Sendable {
        let assign: Assign
        let input: [UInt8]
    }

    /// - Parameters:
    ///   - milliseconds: that a shard takes.
    ///   - readsMarks: whether lines are looked through for marks.
    ///   - tells: whether each shard is named on standard output before its answers are sent.
    init(_ reporter: ShardReporter, milliseconds: Int, readsMarks: Bool, tells: Bool) {
        thread = RequestThread(name: "stub") { [passes] requests in
            for request in requests {
                passes.count.add(1, ordering: .relaxed)
                if milliseconds > 0 { poll(nil, 0, Int32(milliseconds)) }
                if tells { Self.tell(request.assign) }
                Self.answer(request, reporter, readsMarks)
                passes.count.add(1, ordering: .relaxed)
            }
        }
    }

    var passCounts: [UInt64] { [passes.count.load(ordering: .relaxed)] }

    func post(_ assign: Assign, input: [UInt8]) {
        thread.post(Request(assign: assign, input: input))
    }

    /// What is on its way is told all the same, and let go by whoever hears it.
    func cancel(_ lease: UInt64) {}

    private static func tell(_ assign: Assign) {
        let line = Array("\(assign.firstLine)\n".utf8)
        write(STDOUT_FILENO, line, line.count)
    }

    private static func answer(
        _ request: Request,
        _ reporter: ShardReporter,
        _ readsMarks: Bool
    ) {
        let lease = request.assign.lease
        var answers: [UInt8] = []
        var records = 0
        var failure: String?
        request.input.withUnsafeBufferPointer { bytes in
            var lines = LineIterator(bytes, firstLine: Int(request.assign.firstLine))
            while let line = lines.next() {
                let text = UnsafeRawBufferPointer(
                    rebasing: UnsafeRawBufferPointer(bytes)[line.range]
                )
                if readsMarks, let mark = Mark(text) {
                    mark.tell(line.index)
                    failure = mark.act(&answers)
                }
                answers += Array(
                    "{\"id\":null,\"index\":\(line.index),\"sum\":\(sum(text))}\n".utf8
                )
                records += 1
            }
        }
        if let failure { return reporter.failed(lease, .engine, failure) }
        let digest = XXH3.digest(answers)
        reporter.computed(
            lease,
            ShardResult(
                bytes: answers,
                records: records,
                failedRecords: 0,
                tokens: records,
                digestHigh: digest.high,
                digestLow: digest.low
            )
        )
    }

    /// FNV-1a: the same on every machine, and of every bit of the line.
    private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

/// Shards begun and ended, added up: odd while one is computed.
private final class PassCount: Sendable {
    let count = Atomic<UInt64>(0)
}

/// What a line asks for in place of an answer.
private enum Mark: String, CaseIterable {
    case kill = "KILL"
    case hang = "HANG"
    case flood = "FLOOD"
    case fail = "FAIL"

    init?(_ line: UnsafeRawBufferPointer) {
        let text = String(decoding: line, as: UTF8.self)
        let found = Self.allCases.first { text.contains($0.rawValue) }
        guard let found else { return nil }
        self = found
    }

    /// Tells whoever counts attempts of one more.
    func tell(_ line: Int) {
        let text = Array("kennel-stub-worker: line \(line) asks for \(rawValue)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
    }

    /// - Returns: the worker's word that the shard cannot be computed; nil where it says none.
    func act(_ answers: inout [UInt8]) -> String? {
        switch self {
        case .kill:
            raise(SIGKILL)
        case .hang:
            while true { pause() }
        case .flood:
            answers += [UInt8](repeating: UInt8(ascii: "x"), count: WireLimits.resultBytesMax)
        case .fail:
            return "a line of the shard cannot be computed"
        }
        return nil
    }
}
