import CSQLite
import Ledger
import Scheduling
import Synchronization

extension LedgerBench {
    /// Pretends that another Kennel wrote the ledger.
    func setVersion(_ version: Int) throws {
        var handle: OpaquePointer?
        sqlite3_open("\(state)/ledger.sqlite", &handle)
        sqlite3_exec(
            handle,
            "PRAGMA locking_mode = EXCLUSIVE;"
                + "UPDATE meta SET value = \(version) WHERE name = 'version'",
            nil,
            nil,
            nil
        )
        sqlite3_close(handle)
    }
}

/// What a ledger's thread reported.
final class EventList: Sendable {
    private let events = Mutex<[LedgerEvent]>([])

    func append(_ event: LedgerEvent) {
        events.withLock { $0.append(event) }
    }

    var grants: [LeaseID] {
        events.withLock { $0 }.flatMap { event -> [LeaseID] in
            guard case .written(let group) = event else { return [] }
            return group.flatMap { write -> [LeaseID] in
                if case .recordGrants(let grants) = write { grants.map(\.lease) } else { [] }
            }
        }
    }
}
