import Glibc
import Platform
package import TestSupport

/// A folder on a disk whose power fails: what was not synced is there, is gone, or is in pieces.
///
/// Processes write to it under `wrapper`, which keeps aside what each sync made durable.
package struct PowerCut {
    /// The folder.
    package let disk: String
    private let image: String

    /// Makes the folder inside another one.
    package init(in folder: String) throws {
        let folder = Files.absolute(folder)
        disk = "\(folder)/disk"
        image = "\(folder)/image"
        try Files.makeDirectory(disk)
        try Files.makeDirectory(image)
    }

    /// Words before the program's own.
    package var wrapper: [String] {
        [
            "env", "LD_PRELOAD=\(Programs.powerLoss)", "KENNEL_POWER_DISK=\(disk)",
            "KENNEL_POWER_IMAGE=\(image)",
        ]
    }

    /// Lets the power fail, when no process writes any more.
    package func cut(_ random: inout SplitMix) throws {
        let rest = "\(disk).rest"
        mkdir(rest, 0o700)
        try restore(disk, key: key(of: disk), to: rest, &random)
        Folder.remove(disk)
        Folder.remove(image)
        try Files.makeDirectory(image)
        try Files.rename(rest, to: disk)
    }

    private struct Entry {
        let key: String
        let isFolder: Bool
        let name: String
    }

    /// What is taken where the disk and the memory before it differ.
    private enum Choice: CaseIterable {
        /// Nothing but what was synced.
        case synced
        /// All that was written.
        case written
        /// Of each piece one or the other.
        case mixed
    }

    /// - Parameter current: the folder as it stood in memory; nil where it was gone there.
    private func restore(
        _ current: String?,
        key: String,
        to rest: String,
        _ random: inout SplitMix
    ) throws {
        let choice = Choice.allCases.randomElement(using: &random) ?? .synced
        let synced = names(synced: key)
        let written = try current.map(names(in:)) ?? synced
        for name in Set(synced.keys).union(written.keys).sorted() {
            let isSynced = choice == .synced || choice == .mixed && Bool.random(using: &random)
            guard let entry = isSynced ? synced[name] : written[name] else { continue }
            // The same file may stand under another name in memory.
            let now = written.values.first { $0.key == entry.key }
            let path = now.flatMap { entry in current.map { "\($0)/\(entry.name)" } }
            if entry.isFolder {
                mkdir("\(rest)/\(name)", 0o700)
                try restore(path, key: entry.key, to: "\(rest)/\(name)", &random)
            } else {
                let bytes = contents(synced: entry.key, written: path, &random)
                let file = try FileDescriptor(
                    opening: "\(rest)/\(name)",
                    flags: O_WRONLY | O_CREAT | O_EXCL
                )
                try file.write(bytes, at: 0)
            }
        }
    }

    private func contents(
        synced key: String,
        written path: String?,
        _ random: inout SplitMix
    ) -> [UInt8] {
        let synced = Text.bytes("\(image)/\(key)")
        let written = path.map(Text.bytes) ?? synced
        var choice = Choice.allCases.randomElement(using: &random) ?? .synced
        // A file grows piece by piece; it is cut at once, or not.
        if choice == .mixed, written.count < synced.count { choice = .written }
        switch choice {
        case .synced: return synced
        case .written: return written
        case .mixed:
            var bytes = synced
            let count = Int.random(in: synced.count...written.count, using: &random)
            bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
            // What a disk writes at once is a sector.
            for start in stride(from: 0, to: count, by: 512) {
                let sector = start..<min(start + 512, count)
                if Bool.random(using: &random) {
                    bytes.replaceSubrange(sector, with: written[sector])
                }
            }
            return bytes
        }
    }

    private func names(synced key: String) -> [String: Entry] {
        var names: [String: Entry] = [:]
        for line in Text.of("\(image)/\(key)").split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3 else { continue }
            names[parts[2]] = Entry(key: parts[0], isFolder: parts[1] == "d", name: parts[2])
        }
        return names
    }

    private func names(in folder: String) throws -> [String: Entry] {
        var names: [String: Entry] = [:]
        for name in Folder.entries(of: folder) {
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
            let type = status.st_mode & S_IFMT
            guard type == S_IFREG || type == S_IFDIR else { continue }
            names[name] = Entry(key: "\(status.st_ino)", isFolder: type == S_IFDIR, name: name)
        }
        return names
    }

    /// As the layer below the process names it.
    private func key(of path: String) throws -> String {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SystemCallError("examine", path) }
        return "\(status.st_ino)"
    }
}
