import Doge
import Platform
import Records
import Synchronization
import Wire

extension ComputeRequest {
    fileprivate func read(by reader: ShardReader) -> [ShardSlot] {
        reader.read(
            input,
            firstLine: Int(clamping: assign.firstLine),
            isOverlong: assign.isOverlong,
            recordCount: Int(clamping: assign.recordCount)
        )
    }
}

/// Serves the engine's thread: keeps the model open and computes the shards of its queue.
final class EngineService: @unchecked Sendable {  // only the engine's thread changes the model
    private let threads: Int
    private let cacheBytes: Int
    private let mailbox: Mailbox<WorkerEvent>
    private let queue: ComputeQueue
    private let cancelled = Mutex<Set<UInt64>>([])
    private var model: LoadedModel?

    init(threads: Int, cacheBytes: Int, mailbox: Mailbox<WorkerEvent>, queue: ComputeQueue) {
        self.threads = threads
        self.cacheBytes = cacheBytes
        self.mailbox = mailbox
        self.queue = queue
    }

    /// Any thread: the shard's answers are not wanted any more.
    func cancel(_ lease: UInt64) {
        cancelled.withLock { _ = $0.insert(lease) }
    }

    /// Computes what is on the queue, for as long as the process lives.
    func run() -> Never {
        var next: ComputeRequest?
        while true {
            next = serve(next ?? queue.wait())
        }
    }

    /// Computes a shard, and with texts the shards behind it.
    ///
    /// - Returns: a request that was taken from the queue and is still to be served.
    private func serve(_ request: ComputeRequest) -> ComputeRequest? {
        guard let options = check(request) else { return nil }
        do throws(LoadFailure) {
            let model = try load(request.assign)
            if options.isContinuing {
                return try textShard(request, options, model).flatMap { generate($0, model) }
            }
            compute(request, options, model)
        } catch {
            mailbox.post(.failed(request.assign.lease, .modelMissing, error.description))
        }
        return nil
    }

    /// The request's options; nil where it is not wanted or cannot be served, which is told.
    private func check(_ request: ComputeRequest) -> TaskOptions? {
        let lease = request.assign.lease
        guard !isCancelled(lease) else {
            cancelled.withLock { _ = $0.remove(lease) }
            return nil
        }
        guard XXH3.digest(request.input) == (request.assign.digestHigh, request.assign.digestLow)
        else {
            let text = "the input of shard \(request.assign.shard) arrived damaged"
            mailbox.post(.failed(lease, .badInput, text))
            return nil
        }
        guard let options = try? TaskOptions.decode(request.assign.options) else {
            let text = "the job's options cannot be read: use the same Kennel on every host"
            mailbox.post(.failed(lease, .internal, text))
            return nil
        }
        return options
    }

    // MARK: One pass for each text

    private func compute(_ request: ComputeRequest, _ options: TaskOptions, _ model: LoadedModel) {
        let lease = request.assign.lease
        defer { cancelled.withLock { _ = $0.remove(lease) } }
        let computation = ShardComputation(
            model: model,
            options: options,
            isCancelled: { self.isCancelled(lease) },
            progressed: { records, tokens in
                self.mailbox.post(.progressed(lease, records: records, tokens: tokens))
            }
        )
        let slots = request.read(by: ShardReader(model: model, options: options, texts: nil))
        do throws(EngineError) {
            guard let outcomes = try computation.run(slots) else { return }
            let answers = ShardAnswers(model: model, options: options)
            mailbox.post(.computed(lease, answers.write(slots, outcomes)))
        } catch {
            mailbox.post(.failed(lease, .engine, error.description))
        }
    }

    // MARK: Texts that go on

    /// The shard with its records read; nil where it is complete already.
    private func textShard(
        _ request: ComputeRequest,
        _ options: TaskOptions,
        _ model: LoadedModel
    ) throws(LoadFailure) -> TextShard? {
        let texts = try ContinuationMaker(model: model, options: options)
        let lease = request.assign.lease
        let reader = ShardReader(model: model, options: options, texts: texts)
        let shard = TextShard(
            lease: lease,
            slots: request.read(by: reader),
            texts: texts,
            mailbox: mailbox,
            cancelled: { [weak self] in self?.isCancelled(lease) ?? true }
        )
        guard shard.isEmpty else { return shard }
        shard.publish()
        return nil
    }

    private func generate(_ first: TextShard, _ model: LoadedModel) -> ComputeRequest? {
        let feed = TextFeed(first, threads: threads, queue: queue) { request in
            self.open(request, model)
        }
        do throws(EngineError) {
            try model.engine.generate(from: feed)
        } catch {
            feed.fail(error)
        }
        cancelled.withLock { $0.subtract(feed.leases) }
        return feed.left
    }

    /// Looks at a request that came while texts are generated; called by one thread at a time.
    private func open(_ request: ComputeRequest, _ model: LoadedModel) -> TextFeed.Opened {
        guard request.assign.modelDigest == model.digest else { return .other }
        guard let options = check(request) else { return .settled }
        guard options.isContinuing else { return .other }
        do throws(LoadFailure) {
            return try textShard(request, options, model).map { .texts($0) } ?? .settled
        } catch {
            mailbox.post(.failed(request.assign.lease, .modelMissing, error.description))
            return .settled
        }
    }

    private func load(_ assign: Assign) throws(LoadFailure) -> LoadedModel {
        if let model, model.digest == assign.modelDigest { return model }
        // Let the old one go first: two models need not fit into memory.
        model = nil
        let loaded = try LoadedModel(
            path: assign.modelPath,
            digest: assign.modelDigest,
            threads: threads,
            cacheBytes: cacheBytes
        )
        model = loaded
        return loaded
    }

    private func isCancelled(_ lease: UInt64) -> Bool {
        cancelled.withLock { $0.contains(lease) }
    }
}
