import CCuts
import Glibc
import Platform
import Synchronization

/// The states in which a power cut, or a kill, could have left the database files of one folder.
///
/// After each sync: what was synced until then, and nothing else. After each write: all of it, as
/// a killed process leaves it to the next one.
final class Cuts: Sendable {
    /// Files by name.
    typealias Image = [String: [UInt8]]

    /// One of the states.
    struct Cut {
        let image: Image
        /// What the test had been told before is durable.
        let acknowledged: Int
    }

    private struct State {
        var durable: Image = [:]
        var acknowledged = 0
        var cuts: [Cut] = []
    }

    private static let watched = Mutex<[String: Cuts]>([:])
    private static let isWatching: Bool =
        kennel_watch_cuts { path, what in
            guard let path else { return }
            let text = String(cString: path)
            let folder = Files.directory(of: text)
            guard let cuts = Cuts.watched.withLock({ $0[folder] }) else { return }
            cuts.note(text, isSynced: what == KENNEL_CUT_SYNCED)
        } == 0

    private let folder: String
    private let state: Mutex<State>

    /// Watches a folder whose files are all durable as they are.
    init(in folder: String) throws {
        precondition(Self.isWatching)
        self.folder = folder
        state = Mutex(State(durable: try Self.image(of: folder)))
        Self.watched.withLock { $0[folder] = self }
    }

    /// Ends the watch.
    ///
    /// - Returns: the states, from the first moment to the last.
    func end() -> [Cut] {
        _ = Self.watched.withLock { $0.removeValue(forKey: folder) }
        return state.withLock { $0.cuts }
    }

    /// Takes note that so many things are durable, as far as the test was told.
    func acknowledge(_ count: Int) {
        state.withLock { $0.acknowledged = count }
    }

    private func note(_ path: String, isSynced: Bool) {
        guard let now = try? Self.image(of: folder) else { return }
        let name = String(path.dropFirst(folder.utf8.count + 1))
        state.withLock { state in
            // SQLite syncs the folder when it removes a journal.
            state.durable = state.durable.filter { now[$0.key] != nil }
            if isSynced { state.durable[name] = now[name] }
            let image = isSynced ? state.durable : now
            state.cuts.append(Cut(image: image, acknowledged: state.acknowledged))
        }
    }

    private static func image(of folder: String) throws -> Image {
        var image: Image = [:]
        for name in try Files.names(in: folder) where name.hasPrefix("ledger") {
            let file = try FileDescriptor(opening: "\(folder)/\(name)")
            image[name] = try file.read(count: file.status().byteCount, at: 0)
        }
        return image
    }

    /// Lays a state down in a folder.
    static func lay(_ image: Image, in folder: String) throws {
        for name in try Files.names(in: folder) where name.hasPrefix("ledger") {
            try Files.remove("\(folder)/\(name)")
        }
        for (name, bytes) in image {
            let file = try FileDescriptor(opening: "\(folder)/\(name)", flags: O_RDWR | O_CREAT)
            try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        }
    }
}
