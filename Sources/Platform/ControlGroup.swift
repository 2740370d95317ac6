/// What the control groups that this process is in let it use, as containers and batch systems set
/// it: the least of its own group and of all above.
///
/// Source: the kernel's documents on control groups, version 2 (`cpu.max`, `memory.max`) and
/// version 1 (`cpu.cfs_quota_us`, `cpu.cfs_period_us`, `memory.limit_in_bytes`).
package struct ControlGroup: Equatable, Sendable {
    /// Processors' time that may be used, in processors; nil where there is no limit.
    package private(set) var processors: Double?
    /// Memory, bytes; nil where there is no limit.
    package private(set) var memoryBytes: Int?

    /// Reads the groups; what is not there, or cannot be understood, is no limit.
    ///
    /// - Parameter root: the folder in which `proc` and `sys` lie.
    package init(root: String = "") {
        let mount = "\(root)/sys/fs/cgroup"
        for line in Self.text("\(root)/proc/self/cgroup").split(separator: "\n") {
            // A hierarchy's number, its controllers, this process's group in it.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            let path = String(fields[2])
            if fields[1].isEmpty {
                for folder in Self.folders(mount, path) { limitByVersion2(folder) }
            }
            if controllers.contains("cpu") {
                for folder in Self.folders("\(mount)/cpu", path) { limitProcessors(folder) }
            }
            if controllers.contains("memory") {
                for folder in Self.folders("\(mount)/memory", path) {
                    limit(memory: Int(Self.word("\(folder)/memory.limit_in_bytes")))
                }
            }
        }
    }

    /// A group's folder and those of the groups above; in a container the path may be one of the
    /// host, of which only the mount itself is seen.
    private static func folders(_ mount: String, _ path: String) -> [String] {
        var folders = [mount]
        for part in path.split(separator: "/") where part != ".." {
            folders.append("\(folders[folders.count - 1])/\(part)")
        }
        return folders
    }

    private mutating func limitByVersion2(_ folder: String) {
        let words = Self.text("\(folder)/cpu.max").split { $0 == " " || $0 == "\n" }
        if words.count == 2 { limit(quota: Double(words[0]), period: Double(words[1])) }
        limit(memory: Int(Self.word("\(folder)/memory.max")))
    }

    private mutating func limitProcessors(_ folder: String) {
        limit(
            quota: Double(Self.word("\(folder)/cpu.cfs_quota_us")),
            period: Double(Self.word("\(folder)/cpu.cfs_period_us"))
        )
    }

    private mutating func limit(quota: Double?, period: Double?) {
        guard let quota, let period, quota > 0, period > 0 else { return }
        processors = min(processors ?? .infinity, quota / period)
    }

    private mutating func limit(memory: Int?) {
        // Version 1 has a number near the largest where there is no limit.
        guard let memory, memory > 0, memory < Int.max / 2 else { return }
        memoryBytes = min(memoryBytes ?? .max, memory)
    }

    private static func word(_ path: String) -> String {
        text(path).split(separator: "\n").first.map(String.init) ?? ""
    }

    private static func text(_ path: String) -> String {
        guard let file = try? FileDescriptor(opening: path),
            let bytes = try? file.read(count: 1 << 16, at: 0)
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
