import Testing

/// Each check is shown something bad that it must find, and something good that it must pass.
@Suite("The checks of the source tree") struct CheckTests {
    private func file(_ text: String, path: String = "Sources/Wire/A.swift") -> SourceFile {
        SourceFile(path, text)
    }

    @Test("code, comments and strings are told apart")
    func parts() {
        let text = #"""
            let a = "try! // \(b("}")) {" // TODO { "x"
            /* one { /* */ let c = #"a " \( " }"#
            let d = """
                { fatalError( "
                """; let e = "\\"; f()
            """#
        let found = file(text)
        #expect(found.code[0].split(separator: " ") == ["let", "a", "=", "b(", ")"])
        #expect(found.comments[0].contains("TODO"))
        #expect(found.code[1].split(separator: " ") == ["let", "c", "="])
        #expect(found.code[3].isBlank)
        #expect(found.code[4].split(separator: " ") == [";", "let", "e", "=", ";", "f()"])
    }

    @Test("characters of C do not count as braces")
    func characters() {
        let found = SourceFile("Sources/C/a.c", #"char a = '{', b = '\'', c = '"'; int d;"#)
        #expect(!found.code[0].contains("{"))
        #expect(found.code[0].contains("int d;"))
    }

    @Test("a line is found from 101 columns on")
    func width() {
        let good = String(repeating: "é", count: 100)
        #expect(LineChecks.width(file(good)).isEmpty)
        let found = LineChecks.width(file("let a = 1\n\(good)x"))
        #expect(found.map { $0.hasPrefix("Sources/Wire/A.swift:2: 101 columns") } == [true])
    }

    @Test("a clock is found where the time is told, however it comes in")
    func clocks() {
        let path = "Sources/Scheduling/A.swift"
        for text in ["let a = ContinuousClock().now", "import Glibc", "import Platform"] {
            #expect(LineChecks.clocks(file(text, path: path)).count == 1)
            #expect(LineChecks.clocks(file(text)).isEmpty)
        }
        #expect(LineChecks.clocks(file("let a = now.since(b)", path: path)).isEmpty)
    }

    @Test("a file is found from 501 lines on")
    func length() {
        let good = String(repeating: "a\n", count: 500)
        #expect(LineChecks.length(file(good)).isEmpty)
        #expect(LineChecks.length(file(good + "a\n")).count == 1)
    }

    @Test(
        "a function is measured from its name to its last brace",
        arguments: [
            ("func f() {\n\n}", [0, 3]),
            ("struct S {\n    init(\n        a: () -> Void = { }\n    ) {\n    }\n}", [1, 4]),
            ("struct S {\n    var a: Int {\n        1\n    }\n}", [1, 3]),
            ("protocol P {\n    func a()\n}\nlet x = [1].map {\n    $0\n}", []),
            ("func f() {\n    func g() {\n    }\n    let b = \"}\"\n}\n", [0, 5]),
            ("deinit {\n    // }\n}\nlet a = S.init(b: 1) {\n}", [0, 3]),
        ]
    )
    func functionLengths(_ text: String, _ expected: [Int]) {
        let found = FunctionLengths(file(text)).functions
        #expect(found.flatMap { [$0.index, $0.lineCount] } == expected)
    }

    @Test("a function of C is measured, a table is not")
    func functionsOfC() {
        let text =
            "static const int t[] = {\n    1,\n};\nint f(int a,\n      int b) {\n    g();\n}\n"
        let found = FunctionLengths(SourceFile("Sources/C/a.c", text)).functions
        #expect(found == [.init(index: 3, lineCount: 4)])
    }

    @Test("a function is found from 71 lines on")
    func functions() {
        let lines = String(repeating: "    a()\n", count: 68)
        #expect(LineChecks.functions(file("func f() {\n\(lines)}\n")).isEmpty)
        #expect(LineChecks.functions(file("func f() {\n\(lines)\n}\n")).count == 1)
    }

    @Test("crashes are found in code, not in comments or strings")
    func crashes() {
        let text = "// try! this\nlet a = \"fatalError(\"\nlet b = try! c()\n    fatalError(\"d\")"
        let found = LineChecks.crashes(file(text))
        #expect(found.map { $0.contains(".swift:3: try!") } == [true, false])
        #expect(found.count == 2)
    }

    @Test("work put off is found in comments alone", arguments: ["TODO", "FIXME"])
    func leftovers(_ word: String) {
        #expect(LineChecks.leftovers(file("/// \(word): later")).count == 1)
        #expect(LineChecks.leftovers(file("let a = \"\(word)\"")).isEmpty)
    }

    @Test("a loose task is found, one of a group is not")
    func tasks() {
        #expect(LineChecks.looseTasks(file("Task { a() }")).count == 1)
        #expect(LineChecks.looseTasks(file("let t = Task.detached { a() }")).count == 1)
        #expect(LineChecks.looseTasks(file("group.addTask { a() }")).isEmpty)
    }

    @Test(
        "a sleep is found however it is spelled",
        arguments: ["sleep(1)", "usleep(1)", "Thread.sleep(forTimeInterval: 1)", "Task.sleep(1)"]
    )
    func sleeps(_ text: String) {
        #expect(LineChecks.sleeps(file("    _ = \(text)")).count == 1)
        #expect(LineChecks.sleeps(file("    // \(text)")).isEmpty)
    }

    @Test("Foundation is found, and its essentials where they do not belong")
    func foundation() {
        func found(_ text: String) -> Int {
            LineChecks.foundation(file(text), allowed: ["Records"]).count
        }
        #expect(found("import Foundation") == 1)
        #expect(found("package import FoundationEssentials") == 1)
        #expect(found("import Glibc") == 0)
        let reader = file("import FoundationEssentials", path: "Sources/Records/A.swift")
        #expect(LineChecks.foundation(reader, allowed: ["Records"]).isEmpty)
    }

    @Test(
        "a promise needs a reason, and a comment on something else is none",
        arguments: [
            ("final class A: @unchecked Sendable {", 1),
            ("/// A thing.\nfinal class A: @unchecked Sendable {", 1),
            ("/// Sendable as it is never changed.\nfinal class A: @unchecked Sendable {", 0),
            ("final class A: @unchecked Sendable {  // never changed", 0),
            ("nonisolated(unsafe) var a = 1", 1),
            ("// Used by one thread.\nnonisolated(unsafe) var a = 1", 0),
        ]
    )
    func promises(_ text: String, _ count: Int) {
        #expect(LineChecks.promises(file(text)).count == count)
    }

    @Test("imports are read with and without modifiers")
    func imports() {
        let text = "package import Wire\n@testable import Ledger\n// import Doge\nimport Glibc"
        #expect(file(text).imports.map(\.module) == ["Wire", "Ledger", "Glibc"])
    }
}
