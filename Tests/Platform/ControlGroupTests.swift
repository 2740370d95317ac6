import FoundationEssentials
import Testing

@testable import Platform

@Suite("What control groups let a process use")
struct ControlGroupTests {
    /// Reads a tree of files, by their paths.
    private func group(_ files: [String: String]) throws -> ControlGroup {
        let root = URL(filePath: "\(Files.temporaryFolder)/kennel-group-\(Entropy.identifier())")
        defer { try? FileManager.default.removeItem(at: root) }
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        for (path, text) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        return ControlGroup(root: root.path)
    }

    @Test("version 2: the least of the group and those above counts, and max is no limit")
    func version2() throws {
        let cgroup = "sys/fs/cgroup"
        let found = try group([
            "proc/self/cgroup": "0::/a/b\n",
            "\(cgroup)/a/cpu.max": "250000 100000\n",
            "\(cgroup)/a/b/cpu.max": "max 100000\n",
            "\(cgroup)/a/memory.max": "max\n",
            "\(cgroup)/a/b/memory.max": "4294967296\n",
        ])
        #expect(found.processors == 2.5 && found.memoryBytes == 4 << 30)
    }

    @Test("version 2 in a container, where the group's path is the host's")
    func container() throws {
        let found = try group([
            "proc/self/cgroup": "0::/../../other\n", "sys/fs/cgroup/cpu.max": "50000 100000\n",
            "sys/fs/cgroup/memory.max": "1048576\n",
        ])
        #expect(found.processors == 0.5 && found.memoryBytes == 1 << 20)
    }

    @Test("version 1: each controller has its folder, and -1 and a huge number are no limit")
    func version1() throws {
        let limited = try group([
            "proc/self/cgroup": "4:memory:/job\n3:cpu,cpuacct:/job\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "8589934592\n",
        ])
        #expect(limited.processors == 4 && limited.memoryBytes == 8 << 30)
        let free = try group([
            "proc/self/cgroup": "4:memory:/\n3:cpu,cpuacct:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ])
        #expect(free.processors == nil && free.memoryBytes == nil)
    }

    @Test("what is missing or no number is no limit")
    func damaged() throws {
        let found = try group([
            "proc/self/cgroup": "0::/a\nnothing\n", "sys/fs/cgroup/a/cpu.max": "x y\n",
            "sys/fs/cgroup/a/memory.max": "lots\n",
        ])
        #expect(found.processors == nil && found.memoryBytes == nil)
        #expect(try group([:]).processors == nil)
    }
}
