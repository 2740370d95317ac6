import Platform

/// Processors on which the calling thread may run, ascending, in the kernel's own words.
package func allowedProcessors() throws -> [Int] {
    let status = try FileDescriptor(opening: "/proc/thread-self/status").read(count: 1 << 14, at: 0)
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    // As "Cpus_allowed_list:	0-3,8".
    let list = lines.first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t").last ?? ""
    return list.split(separator: ",").flatMap { run in
        let ends = run.split(separator: "-").compactMap { Int($0) }
        return (ends.first ?? 0)...(ends.last ?? 0)
    }
}
