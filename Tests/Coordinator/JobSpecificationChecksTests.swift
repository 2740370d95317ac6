import Records
import Testing

@testable import Coordinator

@Suite("Submissions that no command would send") struct JobSpecificationChecksTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private static func copy(_ path: String) -> JobSpecification.Spool? {
        let text = CanonicalJSON.encode(["path": path])
        return try? CanonicalJSON.decode(
            JobSpecification.Spool.self,
            from: "{\"byteCount\": 1, \(text.dropFirst())"
        )
    }

    @Test("a plain copy is named by its place in the state folder, or from the root as of old")
    func copies() throws {
        var input = try folder.write("in", "{}\n")
        for path in ["data/in/a.jsonl", "/state/data/in/a.jsonl"] {
            input.spool = Self.copy(path)
            #expect(input.spool?.path == path)
            try folder.specification([input]).validate()
        }
    }

    @Test("what a command sends passes") func usual() throws {
        let input = try folder.write("in", "{}\n")
        try folder.specification([input], rejects: "rejects").validate()
        // A corpus may come in as many files as a folder holds.
        try folder.specification(Array(repeating: input, count: 10_000)).validate()
    }

    @Test("each field that could stop a coordinator in every life is refused by name")
    func refused() throws {
        let input = try folder.write("in", "{}\n")
        let changes: [(String, (inout JobSpecification) -> Void)] = [
            ("model digest", { $0.modelDigest = String(repeating: "a", count: 6000) }),
            ("model digest", { $0.modelDigest = String(repeating: "g", count: 64) }),
            ("model path", { $0.modelPath = "models/one" }),
            ("model path", { $0.modelPath = "/models\0/one" }),
            ("output", { $0.output = "" }),
            ("rejects", { $0.rejects = "rejects" }),
            ("plain copy", { $0.inputs[0].spool = Self.copy("/etc/passwd") }),
            ("plain copy", { $0.inputs[0].spool = Self.copy("in/a") }),
            ("plain copy", { $0.inputs[0].spool = Self.copy("") }),
            ("plain copy", { $0.inputs[0].spool = Self.copy("/state/data/in/..") }),
            ("plain copy", { $0.inputs[0].spool = Self.copy("/state/data/in/a\0b") }),
            ("plain copy", { $0.inputs[0].spool = Self.copy("../data/in/a") }),
            ("list of inputs", { $0.inputs = [] }),
            ("list of inputs", { $0.inputs = Array(repeating: input, count: 100_001) }),
            ("input", { $0.inputs[0].path = "-" }),
            ("input's size", { $0.inputs[0].byteCount = -1 }),
            ("input's size", { $0.inputs[0].byteCount = .max }),
            ("limit of a line", { $0.options.maxLineBytes = -1 }),
            ("limit of tokens", { $0.options.maxLength = 0 }),
            ("number of labels", { $0.options.topLabels = -3 }),
            ("choices", { $0.options.choices = ["a"] }),
            ("temperature", { $0.options.generation.temperature = -1 }),
            ("max_new_tokens", { $0.options.generation.maxNewTokens = .max }),
            ("n", { $0.options.generation.n = 0 }),
            ("stop", { $0.options.generation.stop = [""] }),
        ]
        for (field, change) in changes {
            var specification = folder.specification([input])
            change(&specification)
            let error = #expect(throws: CoordinatorError.self) { try specification.validate() }
            #expect(error?.description.contains("the job's \(field) must be") == true, "\(field)")
            #expect(error?.exitCode == 2)
        }
    }
}
