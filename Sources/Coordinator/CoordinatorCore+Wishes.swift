import Ledger
package import Scheduling

/// What users wish of a job, and what is kept of one that has ended.
extension CoordinatorCore {
    /// Ends a job for good; the ticket is told once that is durable, as are its workers.
    ///
    /// Not one that is done, or is being published, unless its output waits for room.
    package mutating func cancelAsked(
        _ job: JobID,
        _ specification: JobSpecification,
        _ ticket: Ticket
    ) -> [Action] {
        if cancellations[job] != nil {
            let waiting = mayWait(ticket)
            cancellations[job]?.tickets += waiting
            return take()
        }
        switch scheduler.jobs[job]?.state {
        case .publishing where outputWaits[job]?.isTried ?? true, .done:
            actions.append(.reply(ticket, false))
        case .cancelled: actions.append(.reply(ticket, true))
        case nil where isOver(job): actions.append(.reply(ticket, false))
        case .running, .paused, .publishing, .failed, .cancelling, nil:
            outputWaits[job] = nil
            cancellations[job] = (specification, mayWait(ticket))
            scheduler.jobCancelling(job)
            // What was asked of it before is void.
            let tickets = resumptions.removeValue(forKey: job) ?? []
            actions += tickets.map { .reply($0, false) }
            actions.append(.write(.finishJob(job, .cancelled, message: "")))
        }
        return take()
    }

    /// Gives no more shards of a job; the ticket is told once that is durable.
    package mutating func pauseAsked(_ job: JobID, _ ticket: Ticket) -> [Action] {
        switch scheduler.jobs[job]?.state {
        case .running:
            let waiting = mayWait(ticket)
            pauses[job, default: []] += waiting
            scheduler.jobPaused(job)
            actions.append(.write(.pauseJob(job, message: "")))
        case .paused where pauses[job] != nil:
            let waiting = mayWait(ticket)
            pauses[job]? += waiting
        case .paused: actions.append(.reply(ticket, true))
        case .publishing, .done, .failed, .cancelling, .cancelled, nil:
            actions.append(.reply(ticket, false))
        }
        return take()
    }

    /// Whom to tell once a wish is durable; without room that may last, and it is told so at once.
    private mutating func mayWait(_ ticket: Ticket) -> [Ticket] {
        guard fullDisk != nil else { return [ticket] }
        actions.append(.reply(ticket, false))
        return []
    }

    /// Has a paused or failed job go on, with another error budget; the ticket is told then.
    ///
    /// - Parameter specification: the job's own, for one that has ended.
    package mutating func resumeAsked(
        _ job: JobID,
        _ specification: JobSpecification,
        _ ticket: Ticket
    ) -> [Action] {
        guard fullDisk == nil, cancellations[job] == nil, !isOver(job) else {
            actions.append(.reply(ticket, false))
            return take()
        }
        switch scheduler.jobs[job]?.state {
        case .failed, nil: return askedAgain(job, specification, ticket)
        case .paused:
            changeErrorBudget(job, specification.maxErrors)
            unpause(job, ticket)
        case .running where continuations[job] != nil: continuations[job]?.append(ticket)
        case .running, .publishing: actions.append(.reply(ticket, true))
        case .done, .cancelling, .cancelled: actions.append(.reply(ticket, false))
        }
        return take()
    }

    private mutating func changeErrorBudget(_ job: JobID, _ budget: ErrorBudget?) {
        guard var specification = specifications[job], specification.maxErrors != budget else {
            return
        }
        specification.maxErrors = budget
        scheduler.errorBudgetChanged(job, budget)
        respecifications[job, default: []].append((specification, nil))
        actions.append(.write(.respecifyJob(job, CanonicalJSON.encode(specification))))
    }

    /// Has a paused job run: grants and the end that follow are durable only behind that.
    mutating func unpause(_ job: JobID, _ ticket: Ticket) {
        continuations[job, default: []].append(ticket)
        actions.append(.write(.continueJob(job)))
        perform(scheduler.jobContinued(job))
    }

    /// Whom to tell of wishes that are not durable yet.
    var wishTickets: [Ticket] {
        cancellations.values.flatMap(\.tickets) + pauses.values.joined()
            + continuations.values.joined()
    }

    // MARK: - Jobs that have ended

    /// Whether a job is known to be done or cancelled.
    func isOver(_ job: JobID) -> Bool {
        switch ended.last(where: { $0.id == job.description })?.state {
        case .done, .cancelled: true
        default: false
        }
    }

    /// Takes note that the end of a job is durable.
    mutating func finished(_ job: JobID, _ state: JobRow.State) {
        optionTexts[job] = nil
        switch state {
        case .done:
            scheduler.jobPublished(job)
            if let specification = specifications[job] {
                actions.append(.publish(.clear(job, specification)))
            }
        case .cancelled:
            perform(scheduler.jobCancelled(job))
            guard let (specification, tickets) = cancellations.removeValue(forKey: job) else {
                return
            }
            actions.append(.publish(.clear(job, specification)))
            retire(job)
            for index in ended.indices where ended[index].id == job.description {
                ended[index].state = .cancelled
                ended[index].message = ""
            }
            actions += tickets.map { .reply($0, true) }
            return
        case .failed: break
        case .running, .publishing, .paused: return
        }
        retire(job)
    }

    /// Lets go of a job that has ended: a few lines of it are kept, the rest is in the ledger.
    private mutating func retire(_ job: JobID) {
        // It is wished otherwise already: that decides.
        guard cancellations[job] == nil, let last = scheduler.jobs[job] else { return }
        show(JobStatus(last, output: specifications[job]?.output ?? ""))
        scheduler.jobForgotten(job)
        let isAskedFor = resumptions[job] != nil || respecifications[job] != nil
        if !isAskedFor { specifications[job] = nil }
        optionTexts[job] = nil
    }

    /// Shows a job of an earlier life that has ended, and clears away what may be left of it.
    mutating func showEnded(_ job: RecoveredJob) {
        let specification = specifications.removeValue(forKey: job.row.id)
        show(JobStatus(job, output: specification?.output ?? ""))
        guard job.row.state.isFinal, let specification else { return }
        actions.append(.publish(.clear(job.row.id, specification)))
    }

    private mutating func show(_ job: JobStatus) {
        ended.append(job)
        if ended.count > Self.endedMax { ended.removeFirst() }
    }
}
