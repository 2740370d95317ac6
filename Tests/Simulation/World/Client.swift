import Coordinator
import Ledger
import Records
import Scheduling

/// Who submits jobs, waits for them, and asks again.
struct Client {
    enum State {
        case new, asked(CoordinatorCore.Ticket), accepted, failed, done, cancelled
        /// It was not taken, and nobody tries again.
        case dropped
    }

    struct Job {
        let identity: String
        var specification: JobSpecification
        /// How many error answers it might have when it was handed in.
        let firstBudget: ErrorBudget?
        let input: VirtualInput
        var id: JobID?
        var state = State.new
        /// A failure is not the coordinator's fault.
        var mayFail: Bool
        var askedAgainCount = 0
        /// Whether the coordinator has said that it is there.
        var isKnown = false
        var isPaused = false
        /// Whether it is paused as it has too many error answers.
        var isOverBudget = false

        var isEnded: Bool {
            switch state {
            case .done, .cancelled, .dropped: true
            case .failed: mayFail && askedAgainCount >= 3
            case .new, .asked, .accepted: false
            }
        }
    }

    var jobs: [Job] = []
    private var places: [JobID: Int] = [:]
    var nextTicket: CoordinatorCore.Ticket = 1
    /// Cancellations that nobody has answered yet.
    var cancellations: [CoordinatorCore.Ticket: JobID] = [:]

    /// Whether nobody tries again where a job was not taken.
    var isImpatient = false

    var isContent: Bool { jobs.allSatisfy(\.isEnded) }
    var activeCount: Int { jobs.count { !$0.isEnded } }

    mutating func add(_ input: VirtualInput, _ budget: ErrorBudget?, mayFail: Bool) {
        let name = "job \(jobs.count)"
        var specification = JobSpecification(
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
        specification.maxErrors = budget
        jobs.append(
            Job(
                identity: name,
                specification: specification,
                firstBudget: budget,
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

    func firstBudget(of id: JobID) -> ErrorBudget? { job(id)?.firstBudget }

    func job(_ id: JobID) -> Job? { places[id].map { jobs[$0] } }

    mutating func mayFail(_ id: JobID) {
        if let place = places[id] { jobs[place].mayFail = true }
    }

    /// Hears what the coordinator shows of its jobs.
    mutating func durable(_ write: LedgerWrite) {
        switch write {
        case .finishJob(let id, let state, _):
            guard let place = places[id] else { return }
            jobs[place].state =
                switch state {
                case .done: .done
                case .cancelled: .cancelled
                default: .failed
                }
        case .pauseJob(let id, let message):
            places[id].map { jobs[$0].isPaused = true }
            places[id].map { jobs[$0].isOverBudget = !message.isEmpty }
        case .continueJob(let id), .resumeJob(let id):
            places[id].map { jobs[$0].isPaused = false }
        default: break
        }
    }

    /// A new life shows its jobs; who has no answer asks again.
    mutating func restarted(_ recovered: [RecoveredJob]) {
        cancellations = [:]
        for place in jobs.indices {
            let rows = recovered.filter { $0.row.identity == jobs[place].identity }
            guard let row = rows.last?.row else {
                // Of those that have ended only some are kept.
                switch jobs[place].state {
                case .done, .cancelled, .dropped: continue
                default: break
                }
                // It never became durable; were it accepted, the checker has said so.
                jobs[place].state = .new
                jobs[place].id = nil
                jobs[place].isKnown = false
                continue
            }
            jobs[place].isKnown = true
            jobs[place].isPaused = row.state == .paused
            jobs[place].isOverBudget = jobs[place].isPaused && !row.message.isEmpty
            jobs[place].id = row.id
            places[row.id] = place
            switch row.state {
            case .done: jobs[place].state = .done
            case .failed: jobs[place].state = .failed
            case .cancelled: jobs[place].state = .cancelled
            case .running, .publishing, .paused:
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
            case .asked, .accepted, .done, .cancelled, .dropped: continue
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
            if isDone { jobs[place].isKnown = true }
            if !jobs[place].isKnown {
                // Refused for want of room: it is no job yet, and may never be.
                jobs[place].id = nil
                if isImpatient { jobs[place].state = .dropped }
            }
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
        let isFickle = scenario.isFickle && !areFaultsOver
        for report in client.wishes(&chance, isFickle: isFickle) { post(report) }
    }

    func replied(_ ticket: CoordinatorCore.Ticket, _ isDone: Bool) {
        if let job = client.cancellations.removeValue(forKey: ticket), isDone {
            checker.cancelled(job, ledger)
        }
        guard let job = client.replied(ticket, isDone) else { return }
        checker.accepted(job, ledger)
    }
}
