import Glibc
import Platform

/// Finds the files that an input argument means.
package enum InputResolver {
    /// Ends of the names that are taken from a folder.
    private static let suffixes = [".jsonl", ".ndjson"]
    private static let compressions = ["", ".gz", ".zst"]

    /// The inputs of all arguments, in their order: files, patterns, folders, "-".
    package static func resolve(_ arguments: [String]) throws(InputFailure) -> [InputSource] {
        var sources: [InputSource] = []
        for argument in arguments {
            if argument == "-" {
                let source = InputSource(
                    path: "-",
                    kind: .standardInput,
                    byteCount: 0,
                    modificationTime: 0
                )
                guard !sources.contains(source) else {
                    throw .unusable("-", reason: "standard input can be read only once")
                }
                sources.append(source)
                continue
            }
            for path in try paths(argument) { sources.append(try source(path)) }
        }
        return sources
    }

    private static func paths(_ argument: String) throws(InputFailure) -> [String] {
        if let status = status(argument) {
            return status.st_mode & S_IFMT == S_IFDIR ? try files(in: argument) : [argument]
        }
        guard argument.contains(where: { "*?[".contains($0) }) else {
            throw .unusable(argument, reason: "it does not exist")
        }
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(argument, 0, nil, &matches) == 0 else {
            throw .nothingFound(argument, hint: "the pattern fits no file")
        }
        return (0..<Int(matches.gl_pathc)).compactMap { index in
            matches.gl_pathv[index].map { String(cString: $0) }
        }
    }

    private static func files(in folder: String) throws(InputFailure) -> [String] {
        let names: [String]
        do throws(SystemCallError) {
            names = try Files.names(in: folder)
        } catch {
            throw .unusable(folder, reason: error.reason)
        }
        let fitting = names.filter { name in
            suffixes.contains { suffix in
                compressions.contains { name.hasSuffix(suffix + $0) }
            }
        }
        guard !fitting.isEmpty else {
            throw .nothingFound(
                folder,
                hint: "the folder holds no .jsonl or .ndjson file, plain, .gz or .zst"
            )
        }
        return fitting.map { "\(folder)/\($0)" }
    }

    private static func source(_ path: String) throws(InputFailure) -> InputSource {
        guard let status = status(path) else { throw .unusable(path, reason: "it does not exist") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unusable(path, reason: "it is not a file; pipe it in and name it -")
        }
        do throws(SystemCallError) {
            let file = try FileDescriptor.regular(path)
            let found = try file.status()
            return InputSource(
                path: Files.absolute(path),
                kind: kind(of: try file.read(count: 4, at: 0)),
                byteCount: found.byteCount,
                modificationTime: found.modificationTime
            )
        } catch {
            throw .unusable(path, reason: error.reason)
        }
    }

    /// How bytes are written that begin with these four, or fewer where there are no more.
    static func kind(of magic: [UInt8]) -> InputSource.Kind {
        if magic.starts(with: [0x1F, 0x8B]) { return .gzip }
        if magic == [0x28, 0xB5, 0x2F, 0xFD] { return .zstd }
        // A skippable frame may stand in front of a zstd stream.
        if magic.count == 4, magic[0] & 0xF0 == 0x50, magic[1...] == [0x2A, 0x4D, 0x18] {
            return .zstd
        }
        return .plain
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}
