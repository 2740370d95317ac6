import Glibc
import Ledger
import Platform
package import Scheduling
import Wire

/// What the publisher's thread is asked for.
package enum PublishRequest: Sendable {
    /// Put the answers in order and give the output its name.
    case publish(JobID, JobSpecification)
    /// Remove what a job that is done or cancelled has left behind.
    case clear(JobID, JobSpecification)
}

/// Serves the publisher's thread: puts finished jobs in order and clears away what they left.
final class PublishService: @unchecked Sendable {  // only the publisher's thread serves
    /// What is known of an output that found no room.
    private struct Shortage {
        let folder: String
        /// Bytes that it takes at most; 0 where that is not known.
        let byteCount: Int
        let description: String
        let triedAt: UInt64

        var message: String {
            let free = DiskRoom(of: folder)?.freeBytes ?? 0
            let need = byteCount > 0 ? "\(byteCount) bytes are needed, " : ""
            return "\(description): \(need)\(free) are free; it goes on by itself"
        }

        /// Whether it may be worth to write all of it anew.
        var mayBeOver: Bool {
            // Where files are compressed less room may do.
            MonotonicClock.nanoseconds() - triedAt >= trustNanoseconds
                || DiskRoom(of: folder).map { $0.freeBytes >= byteCount } ?? true
        }
    }

    private let state: String
    private let ledger: LedgerThread
    private let mailbox: Mailbox<CoordinatorEvent>
    private let isEnding: EndFlag
    private var shortages: [JobID: Shortage] = [:]

    /// How long an output that found no room waits, at least.
    private static let pause = Duration.seconds(5)
    /// How long nothing is written because fewer bytes are free than it has.
    private static let trustNanoseconds: UInt64 = 600_000_000_000

    init(
        state: String,
        ledger: LedgerThread,
        mailbox: Mailbox<CoordinatorEvent>,
        isEnding: EndFlag
    ) {
        self.state = state
        self.ledger = ledger
        self.mailbox = mailbox
        self.isEnding = isEnding
    }

    func serve(_ request: PublishRequest) {
        switch request {
        case .publish(let job, let specification): publish(job, specification)
        case .clear(let job, let specification): clear(job, specification)
        }
    }

    /// Publishes a job; where there is no room for that, others shall not wait for it.
    private func publish(_ job: JobID, _ specification: JobSpecification) {
        if let shortage = shortages[job], !shortage.mayBeOver {
            mailbox.post(.publishingWaits(job, shortage.message, pause: Self.pause))
            return
        }
        let began = MonotonicClock.nanoseconds()
        do throws(CoordinatorError) {
            do throws(CoordinatorError) {
                try write(job, specification)
                shortages[job] = nil
            } catch {
                guard case .noRoom(let folder, let flag, _) = error else { throw error }
                let now = MonotonicClock.nanoseconds()
                let shortage = Shortage(
                    folder: folder,
                    byteCount: flag == "--output" ? try answerBytes(of: job) : 0,
                    description: error.description,
                    triedAt: now
                )
                shortages[job] = shortage
                // Whoever writes much in vain shall not do only that.
                let pause = max(Self.pause, .nanoseconds(now - began))
                mailbox.post(.publishingWaits(job, shortage.message, pause: pause))
            }
        } catch {
            shortages[job] = nil
            switch error {
            case .ledger(let error): mailbox.post(.ledger(.failed(error)))
            default: mailbox.post(.publishingFailed(job, error.description))
            }
        }
    }

    private func write(
        _ job: JobID,
        _ specification: JobSpecification
    ) throws(CoordinatorError) {
        let publisher = Publisher(
            state: state,
            job: job,
            specification: specification,
            isEnding: isEnding
        ) { (first) throws(CoordinatorError) in
            try self.committedShards(of: job, from: first)
        }
        let isPublished: Void? = try isEnding.trying({ $0.isPassing }) {
            () throws(CoordinatorError) in try publisher.publish()
        }
        if isPublished != nil { mailbox.post(.published(job)) }
    }

    private func answerBytes(of job: JobID) throws(CoordinatorError) -> Int {
        var byteCount = 0
        var next = ShardNumber(0)
        while true {
            let shards = try committedShards(of: job, from: next)
            byteCount += shards.reduce(0) { $0 + $1.byteCount }
            guard shards.count == Publisher.pageSize, let last = shards.last else {
                return byteCount
            }
            next = ShardNumber(last.range.endLine)
        }
    }

    /// Removes segments and copies of inputs; what cannot go now is tried at the next start.
    private func clear(_ job: JobID, _ specification: JobSpecification) {
        defer { mailbox.post(.cleared(job)) }
        shortages[job] = nil
        for spool in specification.inputs.compactMap(\.spool) {
            try? Files.remove(spool.path(in: state))
        }
        let directory = Segments.directory(state: state, job: job.description)
        guard let names = try? Files.names(in: directory) else { return }
        for name in names { try? Files.remove("\(directory)/\(name)") }
        rmdir(directory)
    }

    /// Asks the ledger's thread for a page and waits for it.
    private func committedShards(
        of job: JobID,
        from first: ShardNumber
    ) throws(CoordinatorError) -> [CommittedShard] {
        let page = Promise<Result<[CommittedShard], LedgerError>>()
        // All that is published is durable: no write that waits for room is a part of it.
        ledger.look { ledger in
            do throws(LedgerError) {
                let shards = try ledger.committedShards(
                    of: job,
                    from: first,
                    count: Publisher.pageSize
                )
                page.keep(.success(shards))
            } catch {
                page.keep(.failure(error))
            }
        }
        do throws(LedgerError) {
            return try page.wait().get()
        } catch {
            throw .ledger(error)
        }
    }
}
