/// What can be told only of the house as a whole; each check gives its complaints.
enum HouseChecks {
    /// A row of the map: rooms, and the modules that they may know; nil where they may know all.
    struct Row: Equatable {
        let rooms: [String]
        let knows: Set<String>?
    }

    /// The rows of the table in Sources/README.md: rooms, what they are, what they may know.
    static func rows(ofMap text: String) -> [Row] {
        text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map(trimmed)
            guard line.hasPrefix("|"), cells.count == 3 else { return nil }
            let rooms = cells[0].split(separator: "`").map(trimmed).filter { $0.hasSuffix("/") }
            guard !rooms.isEmpty else { return nil }
            let names = cells[2].split(separator: ",").map(trimmed)
            let knows: Set<String>? =
                switch names {
                case ["all"]: nil
                case ["nothing"]: []
                default: Set(names)
                }
            return Row(rooms: rooms.map { String($0.dropLast()) }, knows: knows)
        }
    }

    /// - Parameter swift: folders of Sources that hold Swift files.
    static func map(
        _ map: String,
        folders: [String],
        swift: [String],
        readmes: [String]
    ) -> [String] {
        let rooms = rows(ofMap: map).flatMap(\.rooms)
        return folders.filter { !rooms.contains($0) }.map {
            "Sources/README.md:1: the map lacks the room \($0)"
        }
            + rooms.filter { !folders.contains($0) }.map {
                "Sources/README.md:1: the map has a room \($0), but there is no such folder"
            }
            + swift.filter { !readmes.contains("Sources/\($0)/README.md") }.map {
                "Sources/\($0)/README.md:1: a room without a word at its door"
            }
    }

    /// - Parameter files: names of the folder Sources/decisions.
    static func decisions(_ readme: String, files: [String]) -> [String] {
        files.filter { $0 != "README.md" && !readme.contains("(\($0))") }.map {
            "Sources/decisions/README.md:1: the list lacks \($0)"
        }
    }

    static func topLevel(_ names: [String]) -> [String] {
        let known = [
            "Package.swift", "Sources", "Tests", "cluster", "jobs", "README.md", "LICENSE",
        ]
        return names.filter { !$0.hasPrefix(".") && !known.contains($0) }.map {
            "\($0):1: the top level holds nothing but \(known.joined(separator: ", "))"
        }
    }

    /// Holds against each other what a module imports, what the manifest allows, what the map says.
    static func dependencies(
        _ sources: [SourceFile],
        _ manifest: Manifest,
        map: String
    ) -> [String] {
        let known = imports(sources, manifest, allowed: manifest.modules)
        var used: [String: Set<String>] = [:]
        for file in sources { used[file.room, default: []].formUnion(file.imports.map(\.module)) }
        let idle = manifest.modules.flatMap { module, allowed in
            allowed.subtracting(used[module] ?? []).sorted().map {
                "Package.swift:1: \(module) depends on \($0) and does not import it"
            }
        }
        let told = rows(ofMap: map).flatMap { row in
            row.rooms.flatMap { room -> [String] in
                guard let knows = row.knows, let allowed = manifest.modules[room] else { return [] }
                return knows.symmetricDifference(allowed).sorted().map {
                    "Sources/README.md:1: map and Package.swift differ on \(room) knowing \($0)"
                }
            }
        }
        return known + idle.sorted() + told
    }

    /// Complains of modules of ours that a file imports and its target does not depend on.
    static func imports(
        _ files: [SourceFile],
        _ manifest: Manifest,
        allowed: [String: Set<String>]
    ) -> [String] {
        files.flatMap { file in
            file.imports.filter { manifest.modules[$0.module] != nil }
                .filter { !(allowed[file.room] ?? []).contains($0.module) }
                .map { file.complaint(at: $0.index, "\(file.room) may not know \($0.module)") }
        }
    }

    static func emptyTests(_ files: [SourceFile], _ manifest: Manifest) -> [String] {
        let tested = files.filter { $0.code.contains { $0.mentions("@Test") } }.map(\.room)
        return manifest.tests.keys.sorted().filter { !tested.contains($0) }.map {
            "Tests/\($0):1: not one test"
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
