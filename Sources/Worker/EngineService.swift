import Doge
import Platform
import Records
import Synchronization
import Wire

/// What other threads tell the loop that owns the socket.
enum WorkerEvent: Sendable {
    case progressed(UInt64, records: Int, tokens: Int)
    case computed(UInt64, ShardResult)
    case failed(UInt64, FailureClass, String)
    case drain
}

/// A shard on its way to the engine.
struct ComputeRequest: Sendable {
    let assign: Assign
    let input: [UInt8]
}

/// Serves the engine's thread: keeps the model open and computes one shard after the other.
///
/// Sendable though it holds state: only the engine's thread calls `serve`; `cancelled` has a lock.
final class EngineService: @unchecked Sendable {
    private let threads: Int
    private let mailbox: Mailbox<WorkerEvent>
    private let cancelled = Mutex<Set<UInt64>>([])
    private var model: LoadedModel?

    init(threads: Int, mailbox: Mailbox<WorkerEvent>) {
        self.threads = threads
        self.mailbox = mailbox
    }

    /// Any thread: the shard's answers are not wanted any more.
    func cancel(_ lease: UInt64) {
        cancelled.withLock { _ = $0.insert(lease) }
    }

    func serve(_ request: ComputeRequest) {
        let lease = request.assign.lease
        defer { cancelled.withLock { _ = $0.remove(lease) } }
        guard !isCancelled(lease) else { return }
        guard XXH3.digest(request.input) == (request.assign.digestHigh, request.assign.digestLow)
        else {
            let text = "the input of shard \(request.assign.shard) arrived damaged"
            mailbox.post(.failed(lease, .badInput, text))
            return
        }
        guard let options = try? TaskOptions.decode(request.assign.options) else {
            let text = "the job's options cannot be read: use the same Kennel on every host"
            mailbox.post(.failed(lease, .internal, text))
            return
        }
        do throws(LoadFailure) {
            try compute(request, options, try load(request.assign))
        } catch {
            mailbox.post(.failed(lease, .modelMissing, error.description))
        }
    }

    private func compute(
        _ request: ComputeRequest,
        _ options: TaskOptions,
        _ model: LoadedModel
    ) throws(LoadFailure) {
        let lease = request.assign.lease
        let computation = ShardComputation(
            model: model,
            options: options,
            isCancelled: { self.isCancelled(lease) },
            progressed: { records, tokens in
                self.mailbox.post(.progressed(lease, records: records, tokens: tokens))
            }
        )
        do throws(EngineError) {
            let result = try computation.run(
                request.input,
                firstLine: Int(clamping: request.assign.firstLine),
                isOverlong: request.assign.isOverlong,
                recordCount: Int(clamping: request.assign.recordCount)
            )
            if let result { mailbox.post(.computed(lease, result)) }
        } catch {
            mailbox.post(.failed(lease, .engine, error.description))
        }
    }

    private func load(_ assign: Assign) throws(LoadFailure) -> LoadedModel {
        if let model, model.digest == assign.modelDigest { return model }
        // Let the old one go first: two models need not fit into memory.
        model = nil
        let loaded = try LoadedModel(
            path: assign.modelPath,
            digest: assign.modelDigest,
            threads: threads
        )
        model = loaded
        return loaded
    }

    private func isCancelled(_ lease: UInt64) -> Bool {
        cancelled.withLock { $0.contains(lease) }
    }
}
