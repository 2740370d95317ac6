import Platform
package import Wire

/// A worker: a thread for its socket, and others that read, compute and write.
package final class Worker: Sendable {
    private let mailbox = Mailbox<WorkerEvent>()
    private let configuration: WorkerConfiguration
    private let report: @Sendable (String, _ isComplaint: Bool) -> Void

    /// Makes no thread and no socket yet: `run` does.
    ///
    /// - Parameter report: told in sentences what becomes of the connection, how an engine is laid
    ///   out, and which shards fail; a complaint is what costs speed and somebody can mend.
    package init(
        _ configuration: WorkerConfiguration,
        report: @escaping @Sendable (String, _ isComplaint: Bool) -> Void
    ) {
        self.configuration = configuration
        self.report = report
    }

    /// Finish the running shard, give back the rest, and leave; asked twice, leave at once.
    ///
    /// Any thread.
    package func drain() {
        mailbox.post(.drain)
    }

    /// Runs until it is drained, fenced or refused, on the calling thread.
    ///
    /// - Returns: the exit code and why it ended.
    package func run() throws(WireError) -> (code: Int32, reason: String) {
        let (layout, cacheBytes) = (configuration.layout, configuration.cacheMiB << 20)
        let pinning = configuration.pinning
        let pipeline = ShardPipeline(mailbox: mailbox, known: configuration.digests, layout: layout)
        {
            [report] text, dataType throws(LoadFailure) in
            let model = try LoadedModel(
                text,
                dataType,
                layout,
                cacheBytes: cacheBytes,
                pinning: pinning
            )
            report(model.sentence, model.placementFailure != nil)
            return model
        }
        let ending = try run(pipeline)
        if let sentence = pipeline.busyShare.sentence { report(sentence, false) }
        return ending
    }

    /// Runs with what somebody else computes, `slots` shards at once.
    package func run(
        slots: Int,
        _ make: (ShardReporter) -> some ShardComputer
    ) throws(WireError) -> (code: Int32, reason: String) {
        try run(make(ShardReporter(mailbox: mailbox)), slots: slots)
    }

    /// Whoever computes may be in the middle of a shard in the end: the process ends without it.
    private func run(
        _ computer: some ShardComputer,
        slots: Int = 1
    ) throws(WireError) -> (code: Int32, reason: String) {
        try WorkerLoop(
            configuration,
            mailbox,
            computer,
            slots: slots,
            report: { [report] in report($0, false) }
        ).run()
    }
}
