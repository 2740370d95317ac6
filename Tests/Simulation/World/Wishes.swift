import Coordinator
import Scheduling

/// A client that changes its mind.
extension Client {
    /// What is wished of jobs now; a paused one goes on in the end.
    mutating func wishes(_ chance: inout Chance, isFickle: Bool) -> [Report] {
        var reports: [Report] = []
        for place in jobs.indices where jobs[place].isKnown && !jobs[place].isEnded {
            guard let id = jobs[place].id else { continue }
            let ticket = nextTicket
            if jobs[place].isPaused, !isFickle || chance.happens(0.3) {
                reports.append(goOn(place, id, ticket, &chance))
            } else if isFickle, chance.happens(0.1) {
                reports.append(.pause(id, ticket))
            } else if isFickle, chance.happens(0.03) {
                cancellations[ticket] = id
                reports.append(.cancel(id, jobs[place].specification, ticket))
            } else {
                continue
            }
            nextTicket += 1
        }
        return reports
    }

    /// Has a paused job go on; one with too many error answers may mostly have more then.
    private mutating func goOn(
        _ place: Int,
        _ id: JobID,
        _ ticket: CoordinatorCore.Ticket,
        _ chance: inout Chance
    ) -> Report {
        guard jobs[place].isOverBudget else {
            return .resume(id, jobs[place].specification, ticket)
        }
        if chance.happens(0.7) {
            let count = jobs[place].input.recordCount
            let isAny = chance.happens(0.5)
            jobs[place].specification.maxErrors = isAny ? nil : .records(chance.below(count + 1))
        }
        // By the command for that, or by handing the job in once more.
        return chance.happens(0.5)
            ? .resume(id, jobs[place].specification, ticket)
            : .askAgain(id, jobs[place].specification, ticket)
    }
}
