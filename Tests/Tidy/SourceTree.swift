import FoundationEssentials
import Glibc

/// The files of this package, read once.
struct SourceTree: Sendable {
    static let whole = SourceTree()

    /// Swift, C and shell, at any depth of the folders that people write in.
    let files: [SourceFile]

    /// The root of the package, found from where this file stands.
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    private init() {
        let folders = ["Sources", "Tests", "cluster", "jobs", ".ci"]
        let paths = ["Package.swift"] + folders.flatMap(Self.paths)
        files = paths.filter(Self.mayBeRead).compactMap { path in
            let file = SourceFile(path, Self.text(path))
            return file.isSwift || file.isC || file.isShell ? file : nil
        }
    }

    var sources: [SourceFile] { files.filter { $0.path.hasPrefix("Sources/") } }
    var tests: [SourceFile] { files.filter { $0.path.hasPrefix("Tests/") } }

    /// The text of a file; empty where there is none.
    static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: "\(root)/\(path)").map {
            String(decoding: $0, as: UTF8.self)
        } ?? ""
    }

    /// The names in a folder, sorted, without those that begin with a dot.
    static func names(_ folder: String) -> [String] {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        let exists = FileManager.default.fileExists(
            atPath: "\(root)/\(path)",
            isDirectory: &isFolder
        )
        return exists && isFolder
    }

    /// What the top level of the repository holds; without git, all that is not ignored.
    static func topLevel() -> [String] {
        let tracked = Set(trackedPaths().compactMap { $0.split(separator: "/").first })
        if !tracked.isEmpty { return tracked.map(String.init).sorted() }
        let patterns = text(".gitignore").split(separator: "\n").map(String.init)
        return names("").filter { !isIgnored($0, patterns) }
    }

    /// Whether a name at the top fits a pattern that is a name or ends like one: `*.kennel/`.
    static func isIgnored(_ name: String, _ patterns: [String]) -> Bool {
        patterns.contains { pattern in
            let bare = pattern.hasSuffix("/") ? pattern.dropLast() : pattern[...]
            return bare.hasPrefix("*") ? name.hasSuffix(bare.dropFirst()) : name == bare
        }
    }

    /// Asks git; empty where there is no git or no repository.
    private static func trackedPaths() -> [String] {
        guard let pipe = popen("git -C '\(root)' ls-files 2>/dev/null", "r") else { return [] }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 {
            output += buffer[..<count]
        }
        guard pclose(pipe) == 0 else { return [] }
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func paths(_ folder: String) -> [String] {
        names(folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            guard isFolder(path) else { return [path] }
            return name == "output" ? [] : paths(path)
        }
    }

    /// Names without an ending are scripts; model files are not to be read.
    private static func mayBeRead(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return !name.contains(".") || [".swift", ".c", ".h", ".sh"].contains { name.hasSuffix($0) }
    }
}
