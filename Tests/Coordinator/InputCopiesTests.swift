import Glibc
import Platform
import Records
import Scheduling
import Testing
import Wire

@testable import Coordinator

@Suite("Plain copies of inputs", .timeLimit(.minutes(10))) struct InputCopiesTests {
    let folder: TestFolder
    let state: String

    init() throws {
        folder = try TestFolder()
        state = folder.file("state")
        try Files.makeDirectory("\(state)/data/in")
    }

    private var names: [String] { (try? Files.names(in: StateDirectory.spools(state))) ?? [] }

    private func write(_ name: String, _ text: String = "{}\n") throws {
        try folder.write("state/data/in/\(name)", text)
    }

    /// A copy of these bytes, as a command makes it.
    private func copy(_ name: String, _ text: String) throws -> JobSpecification.Spool {
        try write(name, text)
        let digest = XXH3.digest(Array(text.utf8)).text
        return JobSpecification.Spool(name: name, byteCount: text.utf8.count, digest: digest)
    }

    private func job(_ copy: JobSpecification.Spool) throws -> JobSpecification {
        var input = JobSpecification.Input(
            path: folder.file("in.gz"),
            byteCount: 5,
            modificationTime: 1,
            spool: nil
        )
        input.spool = copy
        return folder.specification([input])
    }

    private func withCoordinator(
        _ body: (Coordinator) throws -> Void
    ) throws {
        let coordinator = try Coordinator(
            state: state,
            listening: Endpoint.listening("tcp://127.0.0.1:*"),
            limits: SchedulerLimits()
        )
        defer { coordinator.stop() }
        try body(coordinator)
    }

    @Test("a start removes what killed commands left, and nothing that living ones make")
    func abandoned() throws {
        try write("gone-1.jsonl")
        try write("gone-2.jsonl.partial")
        try write("older.jsonl")
        do {
            let maker = InputCopies(state: state)
            let (first, second) = (try maker.nextName(), try maker.nextName())
            #expect(first != second)
            try write(first)
            try write("\(second).partial")
            try withCoordinator { _ in }
            #expect(names == [first, "\(second).partial"].sorted())
            withExtendedLifetime(maker) {}
        }
        try withCoordinator { _ in }
        #expect(names == [])
    }

    @Test("a start keeps the copies of jobs that have not ended, and a moved folder still has them")
    func kept() throws {
        var specification = folder.specification([])
        try withCoordinator { coordinator in
            specification = try job(try copy("a-1.jsonl", "{}\n"))
            _ = try coordinator.submit(specification)
        }
        #expect(names == ["a-1.jsonl"])
        let moved = folder.file("moved")
        try Files.rename(state, to: moved)
        let coordinator = try Coordinator(
            state: moved,
            listening: Endpoint.listening("tcp://127.0.0.1:*"),
            limits: SchedulerLimits()
        )
        defer { coordinator.stop() }
        #expect(try Files.names(in: StateDirectory.spools(moved)) == ["a-1.jsonl"])
        #expect(try !coordinator.lacksCopies(specification))
    }

    @Test("a copy that is gone is replaced by one of the same bytes, and by no other")
    func adopted() throws {
        try withCoordinator { coordinator in
            let specification = try job(try copy("a-1.jsonl", "{}\n"))
            let id = try coordinator.submit(specification)
            let first = try coordinator.find(try job(try copy("b-1.jsonl", "[]\n")))
            #expect(first == id, "what the job reads is there")
            #expect(folder.text("state/data/in/a-1.jsonl") == "{}\n")
            try Files.remove("\(state)/data/in/a-1.jsonl")
            #expect(try coordinator.lacksCopies(specification))
            let other = #expect(throws: CoordinatorError.self) {
                _ = try coordinator.find(try job(try copy("c-1.jsonl", "[]\n")))
            }
            #expect(other?.description.contains("has changed since the job began") == true)
            #expect(try coordinator.lacksCopies(specification))
            let last = try coordinator.find(try job(try copy("d-1.jsonl", "{}\n")))
            #expect(last == id)
            #expect(folder.text("state/data/in/a-1.jsonl") == "{}\n")
            #expect(!names.contains("d-1.jsonl"))
            #expect(try !coordinator.lacksCopies(specification))
        }
    }

    @Test("a copy that was damaged in its place is replaced, where its digest was kept")
    func damaged() throws {
        try withCoordinator { coordinator in
            let specification = try job(try copy("a-1.jsonl", "{}\n"))
            _ = try coordinator.submit(specification)
            try write("a-1.jsonl", "xx\n")
            _ = try coordinator.find(try job(try copy("b-1.jsonl", "{}\n")))
            #expect(folder.text("state/data/in/a-1.jsonl") == "{}\n")
        }
    }
}
