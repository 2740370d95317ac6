import Coordinator
import Ledger
import Scheduling

/// The room on a simulated coordinator's disk.
struct DiskModel {
    /// What there is room for.
    enum Level: Int, Comparable {
        case nothing, answers, shards, jobs

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How it is until others have cleared up.
    private var level = Level.jobs
    private(set) var fullUntil: Moment = 0

    mutating func fill(to level: Level, until end: Moment) {
        self.level = level
        fullUntil = end
    }

    mutating func empty() { fullUntil = 0 }

    func level(at now: Moment) -> Level { fullUntil > now ? level : .jobs }

    /// As a ledger's thread measures it: a disk of 100 GiB, by the limits of `DiskRoom`.
    func room(at now: Moment) -> DiskRoom {
        let gibibytes =
            switch level(at: now) {
            case .nothing, .answers: 0
            case .shards: 1
            case .jobs: 50
            }
        return DiskRoom(freeBytes: gibibytes << 30 + 1 << 20, totalBytes: 100 << 30)
    }
}

/// What the ledger's thread does with a disk that fills up.
extension World {
    /// Others write until little or nothing is free, and clear up after a while.
    func fillDisk() {
        let level = chance.pick([DiskModel.Level.nothing, .nothing, .answers, .shards])
        disk.fill(to: level, until: now + chance.time(500, 120_000))
        trace.note(.fault, at: now, UInt64(level.rawValue), disk.fullUntil)
        watchRoom(at: now + chance.time(1, 1_000))
        watchRoom(at: disk.fullUntil + chance.time(1, 1_000))
    }

    /// Has the thread, which looks once a second, look then.
    func watchRoom(at time: Moment) {
        events.push(.roomLooked(life: coordinator.life), at: time)
    }

    /// The thread looks at the disk, and tells where it is enough for more or for less than before.
    func roomLooked(life: Int) {
        guard coordinator.isUp, coordinator.life == life else { return }
        let room = disk.room(at: now)
        guard room.level != coordinator.roomTold else { return }
        coordinator.roomTold = room.level
        trace.note(.room, at: now, UInt64(room.level.rawValue))
        post(.room(room))
    }

    /// A group that found no room stays in the queue, but for new jobs, and is tried again.
    func groupRefused() {
        trace.note(.diskFull, at: now, UInt64(coordinator.group.count))
        let group = coordinator.group
        coordinator.isWriting = false
        coordinator.places = nil
        coordinator.group = []
        if bug == .fullGroupLost {
            post(.written(group))
            return serveLedger()
        }
        ledger.undoAppend(group)
        coordinator.ledgerQueue.insert(contentsOf: group.map { .write($0) }, at: 0)
        let isNews = coordinator.fullSince == nil
        coordinator.fullSince = now
        refuseJobs(andReport: isNews)
        let retry = now + 5 * .second
        events.push(.ledgerRetries(life: coordinator.life), at: retry)
    }

    /// Takes new jobs out of the queue: whoever hands one in does not wait for room.
    func refuseJobs(andReport isNews: Bool = false) {
        var refused: [JobID] = []
        coordinator.ledgerQueue.removeAll { request in
            guard case .write(.createJob(let row)) = request else { return false }
            refused.append(row.id)
            return true
        }
        if isNews || !refused.isEmpty { post(.full(refused: refused)) }
    }

    /// Writes that found no room are tried once more.
    func ledgerRetries(life: Int) {
        guard coordinator.isUp, coordinator.life == life else { return }
        serveLedger()
    }
}
