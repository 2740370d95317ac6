import Coordinator

/// A client that changes its mind.
extension Client {
    /// What is wished of jobs now; a paused one goes on in the end.
    mutating func wishes(_ chance: inout Chance, isFickle: Bool) -> [Report] {
        var reports: [Report] = []
        for job in jobs where job.isKnown && !job.isEnded {
            guard let id = job.id else { continue }
            let ticket = nextTicket
            if job.isPaused, !isFickle || chance.happens(0.3) {
                reports.append(.resume(id, job.specification, ticket))
            } else if isFickle, chance.happens(0.1) {
                reports.append(.pause(id, ticket))
            } else if isFickle, chance.happens(0.03) {
                cancellations[ticket] = id
                reports.append(.cancel(id, job.specification, ticket))
            } else {
                continue
            }
            nextTicket += 1
        }
        return reports
    }
}
