import Glibc
import Platform
import Testing

@Suite("Jobs that are paused, resumed and cancelled", .serialized, .timeLimit(.minutes(10)))
struct WishTests {
    private func submit(_ corpus: Corpus, _ state: String, _ more: [String] = []) -> [String] {
        [
            "submit", corpus.input, "--model", Corpus.model, "--output", corpus.output("out"),
            "--max-line-bytes", "8000", "--state", state,
        ] + more
    }

    private func wish(_ what: String, _ job: String, _ state: String) throws -> Program.Outcome {
        try Program.run([what, job, "--state", state])
    }

    private func job(_ submission: Program.Outcome) -> String {
        String(submission.output.dropFirst("job ".count).dropLast())
    }

    @Test("who waits for a job that is cancelled is told so, with a code of its own")
    func cancel() throws {
        let corpus = try Corpus(records: 100)
        let state = try Folder.make()
        let (coordinator, _) = try ClusterTests.startCoordinator(state, "tcp://127.0.0.1:*")
        defer {
            kill(coordinator.process, SIGKILL)
            _ = coordinator.wait()
        }
        let job = job(try Program.run(submit(corpus, state)))
        let waiting = try Program.start([Program.path] + submit(corpus, state, ["--wait"]))
        let paused = try wish("pause", job, state)
        #expect(paused.code == 0, "\(paused.errors)")
        #expect(paused.output == "job \(job) is paused; kennel resume \(job) has it go on\n")
        let line = try Program.run(["status", job, "--state", state]).output
        #expect(line.hasPrefix("job \(job): paused, 0 %"))
        for _ in 0..<2 {
            let cancelled = try wish("cancel", job, state)
            #expect(cancelled.code == 0, "\(cancelled.errors)")
            #expect(cancelled.output == "job \(job) is cancelled; it had no answers yet\n")
        }
        let end = waiting.wait()
        #expect(end.code == 4)
        #expect(end.errors.hasSuffix("the job was cancelled; it had no answers yet\n"))
        #expect(!Files.exists(corpus.output("out")))
        let late = try wish("resume", job, state)
        #expect(late.code == 2)
        #expect(late.errors.contains("is cancelled, and cannot go on"))
        let none = try wish("cancel", "nothing", state)
        #expect(none.code == 2)
        #expect(none.errors.contains("has no job nothing"))
    }

    @Test("a paused job survives a restart, is resumed, and has the bytes of an undisturbed one")
    func resume() throws {
        let corpus = try Corpus(records: 1000)
        let expected = try corpus.undisturbed()
        let state = try Folder.make()
        var (coordinator, address) = try ClusterTests.startCoordinator(state, "tcp://127.0.0.1:*")
        let job = job(try Program.run(submit(corpus, state)))
        #expect(try wish("pause", job, state).code == 0)
        kill(coordinator.process, SIGKILL)
        _ = coordinator.wait()
        (coordinator, address) = try ClusterTests.startCoordinator(state, address)
        let worker = try ClusterTests.startWorker(address)
        defer { ClusterTests.killAll(worker, coordinator) }
        var status = ""
        while !status.contains("active"), !worker.isZombie {
            status = try Program.run(["status", "--state", state]).output
        }
        #expect(status.contains("job \(job): paused, 0 %"))
        let resumed = try wish("resume", job, state)
        #expect(resumed.output == "job \(job) goes on\n", "\(resumed.errors)")
        let end = try Program.run(submit(corpus, state, ["--wait"]))
        #expect(end.code == 1, "\(end.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
        let late = try wish("cancel", job, state)
        #expect(late.code == 2)
        #expect(late.errors.contains("is done; its answers are in \(corpus.output("out"))"))
    }

    @Test("a run with more errors than it may have is paused, and goes on with the same command")
    func maxErrors() throws {
        let corpus = try Corpus(records: 300)
        let expected = try corpus.undisturbed()
        let paused = try Program.run(corpus.command("out", ["--max-errors", "0.1%"]))
        #expect(paused.code == 5, "\(paused.errors)")
        #expect(paused.errors.contains("records have error answers, more than --max-errors 0.1%"))
        #expect(paused.errors.contains("run the same command again with more --max-errors"))
        #expect(!Files.exists(corpus.output("out")))
        let again = try Program.run(corpus.command("out", ["--max-errors", "1"]))
        #expect(again.code == 5, "\(again.errors)")
        let end = try Program.run(corpus.command("out", ["--max-errors", "5"]))
        #expect(end.code == 1, "\(end.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
        let bad = try Program.run(corpus.command("out", ["--max-errors", "many"]))
        #expect(bad.code == 2)
        #expect(bad.errors.contains("a whole number from 0, or a percentage such as 5%"))
    }
}
