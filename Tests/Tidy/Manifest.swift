/// The targets of Package.swift, read as text.
struct Manifest {
    /// What each module may import, by the manifest; C modules of ours have nothing here.
    private(set) var modules: [String: Set<String>] = [:]
    /// The same for the tests in each folder of Tests.
    private(set) var tests: [String: Set<String>] = [:]

    /// The same for what several tests need, by its folder in Tests.
    private(set) var support: [String: Set<String>] = [:]

    init(_ text: String) {
        for call in Self.calls("library(\"", in: text) {
            modules[call.first] = Set(call.rest)
        }
        for call in Self.calls("executableTarget(", in: text) {
            modules[call.first] = Set(call.rest).subtracting(["README.md"])
        }
        for opening in ["system(\"", "target(name: \""] {
            for call in Self.calls(opening, in: text) { modules[call.first] = [] }
        }
        for call in Self.calls("tests(", in: text) {
            tests[call.first] = Set(call.rest)
        }
        for call in Self.calls("testSupport(", in: text) {
            support[call.first, default: []].formUnion(call.rest)
        }
        // A program's folder lies in that of the tests that it belongs to.
        for call in Self.calls("testProgram(", in: text) {
            let folders = call.rest.first?.split(separator: "/").map(String.init) ?? []
            guard folders.count > 1 else { continue }
            support[folders[1], default: []].formUnion(call.rest)
        }
    }

    /// The strings inside each call that begins so: a target's name, then what it depends on.
    private static func calls(
        _ opening: String,
        in text: String
    ) -> [(first: String, rest: [String])] {
        text.ranges(of: opening).compactMap { range in
            let start = text.index(after: text[range].firstIndex(of: "(") ?? range.lowerBound)
            var depth = 1
            let call = text[start...].prefix { character in
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                return depth > 0
            }
            let parts = call.split(separator: "\"", omittingEmptySubsequences: false)
            let strings = parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
            guard let first = strings.first, !first.isEmpty else { return nil }
            return (first, Array(strings.dropFirst()))
        }
    }
}
