import Platform
import Testing

/// The built `kennel` under a tracer that makes one call of the system fail.
@Suite(
    "kennel run on a failing disk",
    .serialized,
    .enabled(if: Files.exists("/usr/bin/strace")),
    .timeLimit(.minutes(10))
)
struct FaultTests {
    private func run(_ words: [String], _ calls: String, _ fault: String) throws -> Program.Outcome
    {
        let tracer = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]
        let injection = ["-e", "trace=\(calls)", "-e", "inject=\(calls):\(fault)"]
        return try Program.start(tracer + injection + [Program.path] + words).wait()
    }

    /// Each thread counts its own calls: beyond the last of any, the run is undisturbed.
    private func atEachSync(
        _ fault: String,
        _ check: (Program.Outcome, _ number: Int) -> Void
    ) throws {
        let corpus = try Corpus(records: 150)
        let expected = try corpus.undisturbed()
        for number in 1...60 {
            let command = corpus.command("out-\(number)", ["--threads", "1"])
            let outcome = try run(command, "fdatasync,fsync", "\(fault):when=\(number)")
            if outcome.code == 1, Files.exists(corpus.output("out-\(number)")) {
                #expect(number > 12)
                return
            }
            check(outcome, number)
            #expect(try Program.run(command).code == 1)
            #expect(Folder.bytes(corpus.output("out-\(number)")) == expected)
        }
        Issue.record("no run was long enough to have all its syncs succeed")
    }

    @Test("a sync that fails ends it with 74, and the next run has all that was acknowledged")
    func failedSyncs() throws {
        try atEachSync("error=EIO") { outcome, number in
            // The output's own sync fails its job, which the same command resumes.
            #expect([3, 74].contains(outcome.code), "at sync \(number): \(outcome.errors)")
            #expect(outcome.errors.contains("Input/output error") || outcome.errors.contains("I/O"))
        }
    }
}
