import Testing

/// Reads the source tree as it lies on the disk; a failure lists `file:line: what is wrong`.
@Suite("The source tree") struct TidyTests {
    private let tree = SourceTree.whole
    private let map = SourceTree.text("Sources/README.md")
    private let manifest = Manifest(SourceTree.text("Package.swift"))

    /// Rooms that read or write JSON, and so may import FoundationEssentials.
    private let readersOfJSON: Set<String> = [
        "kennel", "Coordinator", "Gateway", "Records", "Tokenization", "Doge",
    ]

    private func expectNone(
        _ complaints: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let list = complaints.joined(separator: "\n")
        #expect(complaints.isEmpty, "\(list)", sourceLocation: sourceLocation)
    }

    private var swift: [SourceFile] { tree.files.filter(\.isSwift) }
    private var sourceFolders: [String] {
        SourceTree.names("Sources").filter { SourceTree.isFolder("Sources/\($0)") }
    }

    @Test("the tree that is read is the whole one")
    func isFound() {
        let paths = tree.files.map(\.path)
        for path in ["Package.swift", "Sources/CLinux/shim.c", "Tests/run", "cluster/setup"] {
            #expect(paths.contains(path))
        }
        #expect(manifest.modules.keys.sorted() == sourceFolders.filter { $0 != "decisions" })
    }

    @Test("no line of Swift, C or shell is wider than 100 columns")
    func width() { expectNone(tree.files.flatMap(LineChecks.width)) }

    @Test("no source file has more than 500 lines")
    func length() { expectNone(tree.sources.flatMap(LineChecks.length)) }

    @Test("no function has more than 70 lines")
    func functions() { expectNone(tree.files.flatMap(LineChecks.functions)) }

    @Test("nothing dies of what the world does wrong")
    func crashes() { expectNone(swift.flatMap(LineChecks.crashes)) }

    @Test("no comment puts work off")
    func leftovers() { expectNone(tree.files.flatMap(LineChecks.leftovers)) }

    @Test("Foundation stays out, and its essentials where they are needed")
    func foundation() {
        expectNone(
            tree.sources.flatMap { LineChecks.foundation($0, allowed: readersOfJSON) }
                + tree.tests.flatMap { LineChecks.foundation($0, allowed: [$0.room]) }
        )
    }

    @Test("every task has an owner")
    func tasks() { expectNone(swift.flatMap(LineChecks.looseTasks)) }

    @Test("no test sleeps")
    func sleeps() { expectNone(tree.tests.flatMap(LineChecks.sleeps)) }

    @Test("no machine that is told the time reads a clock")
    func clocks() { expectNone(tree.sources.filter(\.isSwift).flatMap(LineChecks.clocks)) }

    @Test("every promise that the compiler cannot check has a reason beside it")
    func promises() { expectNone(swift.flatMap(LineChecks.promises)) }

    @Test("the map shows every room, and every room has a README")
    func rooms() {
        let swift = Set(tree.sources.filter(\.isSwift).map(\.room)).sorted()
        let readmes = swift.map { "Sources/\($0)/README.md" }
        expectNone(
            HouseChecks.map(
                map,
                folders: sourceFolders,
                swift: swift,
                readmes: readmes.filter { !SourceTree.text($0).isEmpty }
            )
        )
    }

    @Test("the list of decisions is complete")
    func decisions() {
        let readme = SourceTree.text("Sources/decisions/README.md")
        expectNone(HouseChecks.decisions(readme, files: SourceTree.names("Sources/decisions")))
    }

    @Test("the top level holds what a visitor expects, and no more")
    func topLevel() { expectNone(HouseChecks.topLevel(SourceTree.topLevel())) }

    @Test("a room knows the rooms that map and manifest name, no more and no less")
    func dependencies() {
        let sources = tree.sources.filter(\.isSwift)
        expectNone(HouseChecks.dependencies(sources, manifest, map: map))
    }

    @Test("a test imports what its target depends on")
    func testDependencies() {
        let tests = tree.tests.filter(\.isSwift)
        let allowed = manifest.tests.merging(manifest.support) { $0.union($1) }
        expectNone(HouseChecks.imports(tests, manifest, allowed: allowed))
    }

    @Test("every target of tests has a test")
    func emptyTests() { expectNone(HouseChecks.emptyTests(tree.tests, manifest)) }
}
