import Testing

/// Each check of the house as a whole is shown a small bad house.
@Suite("The checks of the house") struct HouseCheckTests {
    private let map = """
        | room | what it is | may know |
        |---|---|---|
        | [`kennel/`](kennel/README.md) | commands | all |
        | [`Wire/`](Wire/README.md) | messages | CZeroMQ, CLinux |
        | `CLinux/`, `CZeroMQ/` | thin | nothing |
        """
    private let manifest = Manifest(
        """
        let package = Package(
            targets: [
                system("CZeroMQ", debian: "libzmq3-dev"),
                .target(name: "CLinux", cSettings: cSettings),
                library("Wire", ["CZeroMQ", "CLinux"]),
                .executableTarget(
                    name: "kennel",
                    dependencies: [
                        "Wire",
                    ],
                    exclude: ["README.md"]
                ),
                tests("Wire", ["Wire"]),
                tests("Tidy"),
            ]
        )
        """
    )

    @Test("the map's rows are rooms and what they may know")
    func rows() {
        #expect(
            HouseChecks.rows(ofMap: map) == [
                .init(rooms: ["kennel"], knows: nil),
                .init(rooms: ["Wire"], knows: ["CZeroMQ", "CLinux"]),
                .init(rooms: ["CLinux", "CZeroMQ"], knows: []),
            ]
        )
    }

    @Test("the manifest's targets are read with their dependencies")
    func targets() {
        #expect(
            manifest.modules == [
                "CZeroMQ": [], "CLinux": [], "Wire": ["CZeroMQ", "CLinux"], "kennel": ["Wire"],
            ]
        )
        #expect(manifest.tests == ["Wire": ["Wire"], "Tidy": []])
    }

    @Test("a room missing on the map, on the disk or without a README is found")
    func rooms() {
        let found = HouseChecks.map(
            map,
            folders: ["CLinux", "CZeroMQ", "Wire", "Attic"],
            swift: ["Attic", "Wire"],
            readmes: ["Sources/Wire/README.md"]
        )
        #expect(found.count == 3)
        #expect(found[0].hasSuffix("lacks the room Attic"))
        #expect(found[1].contains("a room kennel"))
        #expect(found[2].hasPrefix("Sources/Attic/README.md:1:"))
    }

    @Test("a decision that the list lacks is found")
    func decisions() {
        let found = HouseChecks.decisions(
            "1. [One](0001-one.md)",
            files: ["0001-one.md", "0002-two.md", "README.md"]
        )
        #expect(found == ["Sources/decisions/README.md:1: the list lacks 0002-two.md"])
    }

    @Test("a stray name at the top is found")
    func topLevel() {
        let found = HouseChecks.topLevel([".gitignore", "Sources", "notes.txt"])
        #expect(found.map { $0.hasPrefix("notes.txt:1:") } == [true])
    }

    @Test("names that git ignores are told by their patterns")
    func ignored() {
        let patterns = ["*.kennel/", ".build/", "output"]
        let names = ["a.kennel", ".build", "output", "Sources"]
        #expect(names.map { SourceTree.isIgnored($0, patterns) } == [true, true, true, false])
    }

    @Test("an import that the manifest does not allow is found")
    func forbiddenImport() {
        let files = [SourceFile("Sources/Wire/A.swift", "import CLinux\nimport kennel")]
        let found = HouseChecks.imports(files, manifest, allowed: manifest.modules)
        #expect(found == ["Sources/Wire/A.swift:2: Wire may not know kennel"])
    }

    @Test("a dependency that nobody imports, or that the map lacks, is found")
    func dependencies() {
        let files = [
            SourceFile("Sources/Wire/A.swift", "import CZeroMQ"),
            SourceFile("Sources/kennel/A.swift", "import Wire"),
        ]
        let bad = map.split(separator: ",", maxSplits: 1).joined(separator: ", Doge,")
        let found = HouseChecks.dependencies(files, manifest, map: bad)
        #expect(
            found == [
                "Package.swift:1: Wire depends on CLinux and does not import it",
                "Sources/README.md:1: map and Package.swift differ on Wire knowing Doge",
            ]
        )
    }

    @Test("a target of tests without a test is found")
    func emptyTests() {
        let files = [SourceFile("Tests/Wire/A.swift", "@Test func a() {}\n// @Test")]
        #expect(HouseChecks.emptyTests(files, manifest) == ["Tests/Tidy:1: not one test"])
    }
}
