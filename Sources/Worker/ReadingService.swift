import Doge
import Platform
import Records
import Wire

/// Serves the reader's thread: makes ready shards of what has come, a few ahead of the engine.
final class ReadingService: @unchecked Sendable {  // only the reader's thread changes the text
    private let queue: ComputeQueue
    private let ready: ReadyQueue
    /// Digests of files that have not changed; nil reads all of every model.
    private let known: DigestCache?
    private let layout: EngineLayout.Wish
    private let finished: @Sendable (FinishedShard) -> Void
    /// Of the model of the last shard.
    private var text: ModelText?

    init(
        _ queue: ComputeQueue,
        ready: ReadyQueue,
        known: DigestCache? = nil,
        layout: EngineLayout.Wish,
        finished: @escaping @Sendable (FinishedShard) -> Void
    ) {
        self.queue = queue
        self.ready = ready
        self.known = known
        self.layout = layout
        self.finished = finished
    }

    /// Reads what is on the queue, for as long as the process lives.
    func run() -> Never {
        while true {
            ready.waitForRoom()
            if let shard = read(queue.wait()) { ready.post(shard) }
        }
    }

    /// The shard with its records read; nil where the engine has nothing to do for it.
    func read(_ request: ComputeRequest) -> (any FlowingShard)? {
        let ticket = request.ticket
        guard ticket.isOpen, let options = check(request) else { return nil }
        let texts: ContinuationMaker?
        let text: ModelText
        do throws(LoadFailure) {
            text = try open(request.assign)
            texts =
                options.isContinuing ? try ContinuationMaker(text: text, options: options) : nil
        } catch {
            ticket.failed(.modelMissing, error.description)
            return nil
        }
        let slots = ShardReader(text: text, options: options, texts: texts).read(
            request.input,
            firstLine: Int(clamping: request.assign.firstLine),
            isOverlong: request.assign.isOverlong,
            recordCount: Int(clamping: request.assign.recordCount)
        )
        let shard = OpenShard(
            ticket: ticket,
            text: text,
            options: options,
            slots: slots,
            byteCount: request.input.count,
            finished: finished
        )
        guard !shard.ready.isEmpty else {
            shard.finish()
            return nil
        }
        if let texts { return TextShard(shard, texts: texts) }
        let tokens = layout.batchTokens(for: text.configuration, shard.model.dataType)
        return PassShard(shard, batchTokens: tokens)
    }

    /// The request's options; nil where it cannot be served, which is told.
    private func check(_ request: ComputeRequest) -> TaskOptions? {
        let digest = XXH3.digest(request.input)
        guard digest.high == request.assign.digestHigh, digest.low == request.assign.digestLow
        else {
            let text = "the input of shard \(request.assign.shard) arrived damaged"
            request.ticket.failed(.badInput, text)
            return nil
        }
        guard let options = try? TaskOptions.decode(request.assign.options) else {
            let text = "the job's options cannot be read: use the same Kennel on every host"
            request.ticket.failed(.internal, text)
            return nil
        }
        return options
    }

    private func open(_ assign: Assign) throws(LoadFailure) -> ModelText {
        if let text, text.digest == assign.modelDigest, !text.isStale { return text }
        text = nil
        let opened = try ModelText(
            path: assign.modelPath,
            digest: assign.modelDigest,
            known: known
        )
        text = opened
        return opened
    }
}
