import Coordinator
import Ledger
import Records
import Scheduling

/// Who submits jobs, waits for them, and asks again.
struct Client {
    enum State { case new, asked(CoordinatorCore.Ticket), accepted, failed, done }

    struct Job {
        let identity: String
        var specification: JobSpecification
        let input: VirtualInput
        var id: JobID?
        var state = State.new
        /// A failure is not the coordinator's fault.
        var mayFail: Bool
        var askedAgainCount = 0

        var isEnded: Bool {
            switch state {
            case .done: true
            case .failed: mayFail && askedAgainCount >= 3
            case .new, .asked, .accepted: false
            }
        }
    }

    private(set) var jobs: [Job] = []
    private var places: [JobID: Int] = [:]
    private var nextTicket: CoordinatorCore.Ticket = 1

    var isContent: Bool { jobs.allSatisfy(\.isEnded) }
    var activeCount: Int { jobs.count { !$0.isEnded } }

    mutating func add(_ input: VirtualInput, mayFail: Bool) {
        let name = "job \(jobs.count)"
        let specification = JobSpecification(
            inputs: [
                .init(path: name, byteCount: input.byteCount, modificationTime: 0, spool: nil)
            ],
            modelPath: "/model",
            modelDigest: "digest",
            options: TaskOptions(),
            output: "/output/\(jobs.count)",
            rejects: nil,
            replacesOutput: false
        )
        jobs.append(
            Job(
                identity: name,
                specification: specification,
                input: input,
                mayFail: mayFail || input.hasPoison
            )
        )
    }

    /// The input that a specification names.
    func input(_ specification: JobSpecification) -> VirtualInput {
        let path = specification.inputs.first?.path
        guard let job = jobs.first(where: { $0.identity == path }) else {
            preconditionFailure("a job's input is one that was submitted")
        }
        return job.input
    }

    func specification(of row: JobRow) -> JobSpecification? {
        try? CanonicalJSON.decode(JobSpecification.self, from: row.specification)
    }

    func job(_ id: JobID) -> Job? { places[id].map { jobs[$0] } }

    mutating func mayFail(_ id: JobID) {
        if let place = places[id] { jobs[place].mayFail = true }
    }

    /// Hears what the coordinator shows of its jobs.
    mutating func durable(_ write: LedgerWrite) {
        guard case .finishJob(let id, let state, _) = write, let place = places[id] else { return }
        jobs[place].state = state == .done ? .done : .failed
    }

    /// A new life shows its jobs; who has no answer asks again.
    mutating func restarted(_ recovered: [RecoveredJob]) {
        for place in jobs.indices {
            let rows = recovered.filter { $0.row.identity == jobs[place].identity }
            guard let row = rows.last?.row else {
                // It never became durable; were it accepted, the checker has said so.
                jobs[place].state = .new
                jobs[place].id = nil
                continue
            }
            jobs[place].id = row.id
            places[row.id] = place
            switch row.state {
            case .done: jobs[place].state = .done
            case .failed: jobs[place].state = .failed
            case .running, .publishing:
                if case .accepted = jobs[place].state { continue }
                jobs[place].state = .new
            }
        }
    }

    /// What is to be asked now of a coordinator that is up.
    ///
    /// - Parameter wallClock: what a job's row says of when it came.
    mutating func questions(_ chance: inout Chance, wallClock: Moment) -> [Report] {
        var reports: [Report] = []
        for place in jobs.indices {
            switch jobs[place].state {
            case .asked, .accepted, .done: continue
            case .failed where jobs[place].askedAgainCount >= 3 || !chance.happens(0.3): continue
            case .new, .failed: break
            }
            let ticket = nextTicket
            nextTicket += 1
            if let id = jobs[place].id {
                jobs[place].askedAgainCount += 1
                if chance.happens(0.3) { jobs[place].specification.modelPath += "x" }
                reports.append(.askAgain(id, jobs[place].specification, ticket))
            } else {
                let id = JobID("job\(String(chance.bits(), radix: 36))")
                jobs[place].id = id
                places[id] = place
                let row = JobRow(
                    id: id,
                    identity: jobs[place].identity,
                    specification: CanonicalJSON.encode(jobs[place].specification),
                    state: .running,
                    message: "",
                    inputBytes: jobs[place].input.byteCount,
                    created: Int(wallClock / .second)
                )
                reports.append(.submit(row, jobs[place].specification, ticket))
            }
            jobs[place].state = .asked(ticket)
        }
        return reports
    }

    /// The coordinator's word on a question; gives the job that is accepted by it.
    mutating func replied(_ ticket: CoordinatorCore.Ticket, _ isDone: Bool) -> JobID? {
        for place in jobs.indices {
            guard case .asked(ticket) = jobs[place].state else { continue }
            jobs[place].state = isDone ? .accepted : .new
            return isDone ? jobs[place].id : nil
        }
        return nil
    }
}

extension World {
    /// Has the client say what it wants, if there is somebody to hear it.
    func askClient() {
        guard coordinator.isUp else { return }
        for report in client.questions(&chance, wallClock: wallClock) {
            trace.note(.submitted, at: now)
            post(report)
        }
    }

    func replied(_ ticket: CoordinatorCore.Ticket, _ isDone: Bool) {
        guard let job = client.replied(ticket, isDone) else { return }
        checker.accepted(job, ledger)
    }
}
