import Coordinator
import Glibc
import Platform

/// A coordinator, workers and a folder for all that they leave; nothing of them outlives it.
///
/// Of one thread: its processes die with the thread that starts them.
package final class Cluster {
    /// Where everything lies.
    package var folder: String { ground.folder }
    private let ground: Ground
    private let port: Port
    /// The coordinator; it is not started by itself.
    package let coordinator: CoordinatorProcess
    /// Workers in the order in which they were added; they are started as they are added.
    package private(set) var workers: [StubWorker] = []

    /// Makes a folder and chooses a port.
    ///
    /// - Parameter state: the state folder; nil for one inside the cluster's own.
    package init(state: String? = nil) throws {
        ground = try Ground()
        port = try Port()
        coordinator = CoordinatorProcess(
            endpoint: "tcp://127.0.0.1:\(port.number)",
            state: state ?? "\(ground.folder)/state",
            folder: ground.folder
        )
    }

    deinit {
        for worker in workers { worker.kill() }
        coordinator.kill()
    }

    /// Where workers connect to.
    package var endpoint: String { coordinator.endpoint }

    /// Adds a worker and starts it.
    @discardableResult
    package func add(_ options: StubWorker.Options) throws -> StubWorker {
        let worker = StubWorker(options, coordinator: endpoint, folder: folder)
        workers.append(worker)
        try worker.start()
        return worker
    }

    /// Adds so many workers, named "w0" on, two to a machine.
    package func add(workers count: Int, slots: Int = 1, delay: Int = 0) throws {
        for _ in 0..<count {
            var options = StubWorker.Options(instance: "w\(workers.count)")
            options.machine = "host\(workers.count / 2)"
            options.slots = slots
            options.delay = delay
            try add(options)
        }
    }

    /// Waits until the coordinator knows so many workers.
    @discardableResult
    package func awaitWorkers(
        _ count: Int,
        within limit: Duration = .seconds(30)
    ) throws -> Duration {
        try Waiting.until("\(count) workers had greeted", within: limit) {
            (try? coordinator.status())?.workers.count ?? 0 >= count
        }
    }

    /// Shards that were computed, each as often as that was done; for a cluster with a single job.
    package var computed: Int { workers.reduce(0) { $0 + $1.computed.count } }

    /// Runs `kennel` to its end, in this cluster's folder.
    package func kennel(
        _ words: [String],
        within limit: Duration = .seconds(60)
    ) throws -> (end: ChildProcess.End, output: String, errors: String) {
        let child = try startKennel(words)
        let end = try child.end(within: limit)
        return (end, child.output, child.errors)
    }

    /// Starts `kennel`, which is killed with whoever lets go of it.
    package func startKennel(_ words: [String]) throws -> ChildProcess {
        let log = "\(folder)/kennel-\(Entropy.identifier())"
        return try ChildProcess([Programs.kennel] + words, log: log)
    }
}

extension Cluster {
    /// A fresh folder that is removed with its owner.
    package final class Ground {
        /// Where it is.
        package let folder: String

        /// Makes it.
        package init() throws {
            let name = "kennel-chaos-\(Entropy.identifier().prefix(10))"
            folder = "\(Files.temporaryFolder)/\(name)"
            try Files.makeDirectory(folder)
        }

        deinit { Folder.remove(folder) }
    }
}

/// Folders as a whole.
package enum Folder {
    /// Removes a folder and all in it, links as themselves; what cannot be removed is left.
    package static func remove(_ path: String) {
        for name in entries(of: path) {
            let entry = "\(path)/\(name)"
            var status = stat()
            guard lstat(entry, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { remove(entry) } else { unlink(entry) }
        }
        rmdir(path)
    }

    /// Names in a folder, hidden ones too.
    package static func entries(of path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
