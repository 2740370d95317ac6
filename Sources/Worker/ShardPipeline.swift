import Doge
import Platform
import Wire

/// From a shard's input to its answers: a thread reads, the engine's computes, one writes.
///
/// Each has the next shard at hand when it has done with one, so the engine waits for neither.
final class ShardPipeline: ShardComputer {
    private let queue = ComputeQueue()
    private let tickets: TicketBook
    private let engine: EngineService

    /// Starts the threads, which live as long as the process.
    ///
    /// - Parameters:
    ///   - known: digests of files that have not changed; nil reads all of every model.
    ///   - layout: how the engine's threads shall share the work.
    ///   - open: opens the weights of a model, on the engine's thread.
    init(
        mailbox: Mailbox<WorkerEvent>,
        known: DigestCache? = nil,
        layout: EngineLayout.Wish,
        open: @escaping EngineService.Opener
    ) {
        let ready = ReadyQueue()
        let writer = RequestThread<FinishedShard>(name: "writer") { shards in
            for shard in shards { shard.publish() }
        }
        let reading = ReadingService(queue, ready: ready, known: known, layout: layout) {
            writer.post($0)
        }
        let engine = EngineService(ready: ready, open: open)
        tickets = TicketBook(mailbox: mailbox)
        self.engine = engine
        _ = OSThread(name: "reader") { reading.run() }
        _ = OSThread(name: "engine") { engine.run() }
    }

    /// Takes a shard whose input is complete.
    package func post(_ assign: Assign, input: [UInt8]) {
        let ticket = tickets.open(assign.lease)
        queue.post(ComputeRequest(assign: assign, input: input, ticket: ticket))
    }

    /// The shard's answers are not wanted any more.
    package func cancel(_ lease: UInt64) { tickets.cancel(lease) }

    /// Passes that each replica of the engine has begun and ended: odd while one runs.
    package var passCounts: [UInt64] { engine.passCounts }

    /// How busy the engine's threads were.
    var busyShare: BusyShare { engine.busyShare }
}
