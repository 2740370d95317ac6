import Glibc
import Platform
import Records
import Scheduling

@testable import Coordinator

/// A folder of its own for one test.
struct TestFolder {
    let path = "\(Files.temporaryFolder)/kennel-coordinator-\(Entropy.identifier())"

    init() throws {
        try Files.makeDirectory(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and returns it as a job's input.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> JobSpecification.Input {
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        let file = try FileDescriptor(opening: file(name), flags: flags)
        try file.write(Array(text.utf8), at: 0)
        let status = try file.status()
        return JobSpecification.Input(
            path: self.file(name),
            byteCount: status.byteCount,
            modificationTime: status.modificationTime,
            spool: nil
        )
    }

    /// A file's text; nil where it does not exist.
    func text(_ name: String) -> String? {
        guard let file = try? FileDescriptor(opening: file(name)),
            let size = try? file.status().byteCount,
            let bytes = try? file.read(count: size, at: 0)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    var names: [String] { (try? Files.names(in: path)) ?? [] }

    func specification(
        _ inputs: [JobSpecification.Input],
        rejects: String? = nil,
        replacesOutput: Bool = false
    ) -> JobSpecification {
        JobSpecification(
            inputs: inputs,
            modelPath: "/models/one",
            modelDigest: String(repeating: "0", count: 64),
            options: TaskOptions(),
            output: file("out"),
            rejects: rejects.map(file),
            replacesOutput: replacesOutput
        )
    }
}
