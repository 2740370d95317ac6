private import CLinux
import Glibc

/// What is done to files by name.
package enum Files {
    /// Whether anything stands at `path`.
    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Size and modification time of the file at `path`.
    package static func status(_ path: String) throws(SystemCallError) -> FileStatus {
        var status = stat()
        guard stat(path, &status) == 0 else { throw SystemCallError("examine", path) }
        return FileStatus(status)
    }

    /// Makes a folder, and those above it, for this user alone; one that exists is left as it is.
    package static func makeDirectory(_ path: String) throws(SystemCallError) {
        if mkdir(path, 0o700) == 0 { return try synchronizeDirectory(directory(of: path)) }
        if errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemCallError("make the folder", path)
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw SystemCallError("make the folder", path)
        }
        try synchronizeDirectory(directory(of: path))
    }

    /// Whether a folder stands at `path`; links are followed.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Renames, replacing what stands at `to`.
    package static func rename(_ from: String, to: String) throws(SystemCallError) {
        guard Glibc.rename(from, to) == 0 else {
            throw SystemCallError("rename \(from) to", to)
        }
    }

    /// Renames, and fails with EEXIST where something stands at `to`.
    package static func renameWithoutReplacing(
        _ from: String,
        to: String
    ) throws(SystemCallError) {
        let code = kennel_rename_no_replace(from, to)
        guard code == 0 else { throw SystemCallError("rename \(from) to", to, code: code) }
    }

    /// Removes a file; one that is not there is no error.
    package static func remove(_ path: String) throws(SystemCallError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw SystemCallError("remove", path)
        }
    }

    /// Returns once the names in a folder are on the disk.
    package static func synchronizeDirectory(_ path: String) throws(SystemCallError) {
        let directory = try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        guard fsync(directory.raw) == 0 else {
            throw SystemCallError("sync the folder", path, isSync: true)
        }
    }

    /// The names in a folder, sorted, without those that begin with a dot.
    package static func names(in path: String) throws(SystemCallError) -> [String] {
        guard let stream = opendir(path) else { throw SystemCallError("list the folder", path) }
        defer { closedir(stream) }
        return try names(in: stream, of: path)
    }

    /// The same of a folder that is open.
    static func names(
        in stream: OpaquePointer,
        of path: String
    ) throws(SystemCallError) -> [String] {
        var names: [String] = []
        while true {
            // Only errno tells the end of the list from a failure.
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw SystemCallError("list the folder", path) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The folder part of a path; "." where it has none.
    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The path from the root, links resolved as far as the folders exist; behind them as text.
    ///
    /// The same before and after the missing folders are made.
    package static func absolute(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        let names = path.split(separator: "/").map(String.init)
        // A working folder that was removed has no name any more.
        guard path != ".", let name = names.last else { return path }
        let above = names.dropLast().joined(separator: "/")
        let parent = absolute(path.hasPrefix("/") ? "/\(above)" : above.isEmpty ? "." : above)
        switch name {
        case ".": return parent
        case "..": return directory(of: parent)
        default: return parent == "/" ? "/\(name)" : "\(parent)/\(name)"
        }
    }

    /// Where files go that nobody keeps: what TMPDIR names, or /tmp.
    package static var temporaryFolder: String {
        guard let value = getenv("TMPDIR").map({ String(cString: $0) }), value.hasPrefix("/")
        else { return "/tmp" }
        return value
    }
}
