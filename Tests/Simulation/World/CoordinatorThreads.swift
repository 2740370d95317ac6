import Coordinator
import Ledger
import Scheduling

/// The threads around the core: ledger, input and publisher, each with a queue and virtual time.
extension World {
    func post(_ report: Report) {
        coordinator.mailbox.append(report)
        wake()
    }

    // MARK: - The ledger's thread

    /// Begins with what has been asked for, if nothing is under way: what arrives shares the next.
    ///
    /// What found no room waits for some seconds.
    func serveLedger() {
        guard !coordinator.isWriting else { return }
        if let since = coordinator.fullSince {
            guard now - since >= 5 * .second else { return refuseJobs() }
            if coordinator.ledgerQueue.isEmpty {
                coordinator.fullSince = nil
                return post(.written([]))
            }
        }
        while let first = coordinator.ledgerQueue.first {
            if case .describe(let job) = first {
                coordinator.ledgerQueue.removeFirst()
                let description = ledger.description(of: job)
                checker.described(description, ledger)
                guard checker.violations.isEmpty else { return }
                post(.resumed(description))
                continue
            }
            let group = coordinator.ledgerQueue.prefix { request in
                if case .write = request { true } else { false }
            }
            coordinator.group = group.compactMap { request in
                if case .write(let write) = request { write } else { nil }
            }
            coordinator.ledgerQueue.removeFirst(group.count)
            coordinator.isWriting = true
            coordinator.places = nil
            events.push(.ledgerAppends(life: coordinator.life), at: now + ledgerDelay())
            return
        }
    }

    private func ledgerDelay() -> Moment {
        max(chance.time(1, 10) / 4, ledgerStallsUntil > now ? ledgerStallsUntil - now : 0)
    }

    /// Answers are in the segments, and not yet synced.
    func ledgerAppends(life: Int) {
        guard coordinator.isUp, coordinator.life == life, coordinator.isWriting,
            !diesAtBoundary()
        else { return }
        coordinator.places = ledger.append(coordinator.group)
        trace.note(.appended, at: now, UInt64(coordinator.group.count))
        if diesAtBoundary() { return }
        events.push(.ledgerCommits(life: life), at: now + ledgerDelay())
    }

    /// The sync and the transaction have returned, or failed.
    func ledgerCommits(life: Int) {
        guard coordinator.isUp, coordinator.life == life, let places = coordinator.places
        else { return }
        if chance.happens(ledgerFailing) {
            // A full disk leaves nothing; an error of the device, who knows.
            if chance.happens(0.5) { commitGroup(places) }
            coordinator.isWriting = false
            coordinator.places = nil
            trace.note(.ledgerFailed, at: now)
            return crashCoordinator(restartsAfter: chance.time(100, 5_000))
        }
        if diesAtBoundary() { return }
        if disk.level(at: now) == .nothing { return groupRefused() }
        coordinator.fullSince = nil
        commitGroup(places)
        let group = coordinator.group
        coordinator.isWriting = false
        coordinator.places = nil
        coordinator.group = []
        let unheard = group.filter { !plantedHeard($0) }
        if diesAtBoundary() { return }
        if !unheard.isEmpty { post(.written(unheard)) }
        reportRemaining(group)
        serveLedger()
    }

    /// Tells of which jobs more rows are to be forgotten, as one step removes only some.
    private func reportRemaining(_ group: [LedgerWrite]) {
        var remaining: [JobID] = []
        for case .forgetShards(let job) in group where ledger.hasShards(of: job) {
            remaining.append(job)
        }
        if !remaining.isEmpty, bug != .rowsLeft { post(.rowsRemain(remaining)) }
    }

    /// Syncs and commits the group at hand, and tells the checker what is durable now.
    func commitGroup(_ places: [Int]) {
        let (group, places) = plantInGroup(coordinator.group, places)
        if bug != .syncSkipped { ledger.synchronize(group) }
        do throws(LedgerModel.Refusal) {
            try ledger.commit(group, places, keepsCursor: bug == .cursorForgotten)
        } catch {
            checker.violate("the ledger refuses a write: \(error.text)")
        }
        for write in group {
            checker.durable(write, ledger)
            if case .finishJob(let id, .failed, let message) = write,
                client.job(id)?.mayFail != true
            {
                checker.violate("job \(id) failed without a cause: \(message)")
            }
            client.durable(write)
        }
        trace.note(.durable, at: now, UInt64(group.count), ledger.nextLease.value)
    }

    // MARK: - The input's thread

    func serveInput() {
        guard !coordinator.isReading, !coordinator.inputQueue.isEmpty else { return }
        coordinator.isReading = true
        let delay = chance.time(1, 20) / scenario.inputSpeed
        events.push(.inputServed(life: coordinator.life), at: now + delay)
    }

    func inputServed(life: Int) {
        guard coordinator.isUp, coordinator.life == life, !diesAtBoundary(),
            let request = coordinator.inputQueue.popFirst()
        else { return }
        coordinator.isReading = false
        switch request {
        case .settle(let job): post(.inputSettled(job))
        case .plan(let job, let specification, let cursor, let count, let targetBytes):
            if inputFails(job) { break }
            let plan = client.input(specification).plan(
                from: cursor,
                count: count,
                targetBytes: targetBytes,
                recordsMax: scenario.limits.shardRecordsMax
            )
            trace.note(.planned, at: now, UInt64(plan.ranges.count))
            post(.planned(job, plan.ranges, plan.cursor))
        case .split(let shard, let range, let specification):
            if inputFails(shard.job) { break }
            post(.split(shard, client.input(specification).halves(of: range)))
        case .answer(let shard, let range, _, let specification):
            if inputFails(shard.job) { break }
            let answer = client.input(specification).apology(for: range)
            post(.answered(shard, answer, records: range.recordCount))
        case .read(let assignment, let specification):
            if inputFails(assignment.shard.job) { break }
            trace.note(.inputRead, at: now, assignment.lease.value)
            let input = client.input(specification)
            let bytes = input.bytes(of: assignment.range, isWhole: bug == .overlongReadWhole)
            post(.inputRead(assignment, bytes))
        }
        serveInput()
    }

    private func inputFails(_ job: JobID) -> Bool {
        guard chance.happens(inputFailing) else { return false }
        trace.note(.inputFailed, at: now)
        client.mayFail(job)
        post(.inputFailed(job))
        return true
    }

    // MARK: - The publisher's thread

    func servePublisher() {
        guard !coordinator.isPublishing, !coordinator.publishQueue.isEmpty else { return }
        coordinator.isPublishing = true
        events.push(.publisherRenames(life: coordinator.life), at: now + chance.time(1, 500))
    }

    /// The output takes its name, or what was left is cleared away.
    func publisherRenames(life: Int) {
        guard coordinator.isUp, coordinator.life == life, !diesAtBoundary(),
            let first = coordinator.publishQueue.first
        else { return }
        switch first {
        case .clear(let job, _):
            trace.note(.cleared, at: now)
            ledger.clear(job)
            publisherReports(.cleared(job), life: life)
        case .publish(let job, let specification):
            let (shards, isSound) = ledger.publishable(job)
            let answers = plantInOutput(shards)
            let isIntact = isSound && shards.allSatisfy { digest(of: $0.2) == $0.1.digest }
            guard isIntact else {
                return publisherReports(
                    .publishingFailed(job, "the answers are damaged"),
                    life: life
                )
            }
            let bytes = Array(answers.joined())
            trace.note(.published, at: now, UInt64(bytes.count), digest(of: bytes).high)
            checker.published(
                job,
                bytes,
                client.input(specification),
                mayGiveUp: scenario.mayJobsFail || scenario.poisonShare > 0
            )
            if bug == .clearedTooEarly { ledger.clear(job) }
            events.push(.publisherReports(life: life, job), at: now + chance.time(1, 500))
        }
    }

    func publisherReports(_ report: Report?, life: Int) {
        guard coordinator.isUp, coordinator.life == life, coordinator.isPublishing,
            !diesAtBoundary()
        else { return }
        coordinator.isPublishing = false
        coordinator.publishQueue.removeFirst()
        if let report { post(report) }
        servePublisher()
    }
}
