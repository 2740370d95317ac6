import Glibc

/// Inputs that lie in files.
package enum FuzzFolder {
    /// The folder Tests/Fuzz of this source tree.
    package static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(2)
        return "/" + parts.joined(separator: "/")
    }()

    /// All files in a folder by their paths, sorted; none where there is no folder.
    package static func paths(_ folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var paths: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { paths.append("\(folder)/\(name)") }
        }
        return paths.sorted()
    }

    /// The bytes of a file; nil where it cannot be read.
    package static func bytes(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 {
            bytes += piece[..<count]
        }
        return bytes
    }

    /// The inputs of a target that are kept with the source: corpus first, then regressions.
    package static func kept(_ target: FuzzTarget) -> [[UInt8]] {
        ["corpus", "regressions"]
            .flatMap { paths("\(root)/\($0)/\(target.name)") }
            .compactMap(bytes)
    }
}
