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
struct PublishService: Sendable {
    let state: String
    let ledger: LedgerThread
    let mailbox: Mailbox<CoordinatorEvent>
    let isEnding: EndFlag

    func serve(_ request: PublishRequest) {
        switch request {
        case .publish(let job, let specification): publish(job, specification)
        case .clear(let job, let specification): clear(job, specification)
        }
    }

    private func publish(_ job: JobID, _ specification: JobSpecification) {
        let publisher = Publisher(
            state: state,
            job: job,
            specification: specification,
            isEnding: isEnding
        ) { (first) throws(CoordinatorError) in
            try committedShards(of: job, from: first)
        }
        do throws(CoordinatorError) {
            let isPublished: Void? = try isEnding.trying({ $0.isPassing }) {
                () throws(CoordinatorError) in try publisher.publish()
            }
            if isPublished != nil { mailbox.post(.published(job)) }
        } catch {
            switch error {
            case .ledger(let error): mailbox.post(.ledger(.failed(error)))
            default: mailbox.post(.publishingFailed(job, error.description))
            }
        }
    }

    /// Removes segments and copies of inputs; what cannot go now is tried at the next start.
    private func clear(_ job: JobID, _ specification: JobSpecification) {
        defer { mailbox.post(.cleared(job)) }
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
