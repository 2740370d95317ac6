import Glibc
import Platform
import Testing

@Suite("A coordinator, workers and submissions", .serialized, .timeLimit(.minutes(10)))
struct ClusterTests {
    /// Starts a coordinator on any free port and waits until it says where it listens.
    static func startCoordinator(
        _ state: String,
        _ listen: String
    ) throws -> (
        run: Program.Running, address: String
    ) {
        let run = try Program.start([
            Program.path, "coordinator", "--state", state, "--listen", listen,
        ])
        let marker = "workers connect to "
        while !run.isZombie {
            let said = Folder.text("\(run.folder)/stderr")
            guard said.hasSuffix("\n"), let range = said.firstRange(of: marker) else { continue }
            return (run, String(said[range.upperBound...].dropLast()))
        }
        throw SystemCallError("start a coordinator: \(run.wait().errors)", state, code: 0)
    }

    /// Starts a worker with one thread.
    static func startWorker(_ address: String) throws -> Program.Running {
        try Program.start([
            Program.path, "worker", "--coordinator", address, "--threads", "1",
        ])
    }

    /// Ends processes whatever they do.
    static func killAll(_ runs: Program.Running...) {
        for run in runs {
            kill(run.process, SIGKILL)
            _ = run.wait()
        }
    }

    private func submit(_ corpus: Corpus, _ state: String) -> [String] {
        [
            "submit", corpus.input, "--model", Corpus.model, "--output", corpus.output("out"),
            "--max-line-bytes", "8000", "--state", state,
        ]
    }

    @Test("a job outlives its coordinator, and its worker goes on with what it has")
    func restart() throws {
        let corpus = try Corpus(records: 4000)
        let expected = try corpus.undisturbed()
        let state = try Folder.make()
        var (coordinator, address) = try Self.startCoordinator(state, "tcp://127.0.0.1:*")
        let worker = try Self.startWorker(address)
        defer { Self.killAll(worker) }
        let submission = try Program.run(submit(corpus, state))
        #expect(submission.code == 0, "\(submission.errors)")
        #expect(submission.output.hasPrefix("job "))
        for _ in 0..<2 {
            kill(coordinator.process, SIGKILL)
            #expect(coordinator.wait().code == 137)
            (coordinator, _) = try Self.startCoordinator(state, address)
        }
        let end = try Program.run(submit(corpus, state) + ["--wait"])
        #expect(end.code == 1, "\(end.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
        let status = try Program.run(["status", "--state", state])
        #expect(status.code == 0)
        #expect(status.output.contains("done, 100 %"))
        #expect(status.output.contains("worker "))
        kill(coordinator.process, SIGTERM)
        #expect(coordinator.wait().code == 0)
    }

    @Test("a job whose input was away for a while fails, and goes on once it is submitted again")
    func inputAway() throws {
        let corpus = try Corpus(records: 2000)
        let expected = try corpus.undisturbed()
        let state = try Folder.make()
        let (coordinator, address) = try Self.startCoordinator(state, "tcp://127.0.0.1:*")
        #expect(try Program.run(submit(corpus, state)).code == 0)
        #expect(rename(corpus.input, "\(corpus.input).away") == 0)
        let worker = try Self.startWorker(address)
        defer { Self.killAll(worker, coordinator) }
        var status = ""
        while !status.contains("failed"), !coordinator.isZombie {
            status = try Program.run(["status", "--state", state]).output
        }
        #expect(status.contains("bring the input back"))
        #expect(rename("\(corpus.input).away", corpus.input) == 0)
        let end = try Program.run(submit(corpus, state) + ["--wait"])
        #expect(end.code == 1, "\(end.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
    }

    @Test("a restored backup lacks plain copies: its jobs go on once they are submitted again")
    func restored() throws {
        let corpus = try Corpus(records: 600)
        let expected = try corpus.undisturbed()
        let gzip = ["sh", "-c", "gzip -c \"$0\" > \"$0\".gz", corpus.input]
        #expect(try Program.start(gzip).wait().code == 0)
        func submit(_ state: String) -> [String] {
            self.submit(corpus, state).map { $0 == corpus.input ? "\($0).gz" : $0 }
        }
        let (state, backup) = (try Folder.make(), corpus.output("backup"))
        let (first, _) = try Self.startCoordinator(state, "tcp://127.0.0.1:*")
        #expect(try Program.run(submit(state)).code == 0)
        let copying = ["ledger", "backup", "--state", state, "--to", backup]
        #expect(try Program.run(copying).code == 0)
        kill(first.process, SIGKILL)
        _ = first.wait()
        #expect(rename(state, "\(state).lost") == 0)
        // What a submission that was killed had copied.
        try Files.makeDirectory("\(backup)/data/in")
        try Folder.write([1], to: "\(backup)/data/in/killed-1.jsonl.partial")
        let (second, address) = try Self.startCoordinator(backup, "tcp://127.0.0.1:*")
        let worker = try Self.startWorker(address)
        defer { Self.killAll(worker, second) }
        var status = ""
        while !status.contains("failed"), !second.isZombie {
            status = try Program.run(["status", "--state", backup]).output
        }
        #expect(status.contains("it is the plain copy of"), "\(status)")
        #expect(try Files.names(in: "\(backup)/data/in").isEmpty)
        let end = try Program.run(submit(backup) + ["--wait"])
        #expect(end.code == 1, "\(end.errors)")
        #expect(Folder.bytes(corpus.output("out")) == expected)
    }

    @Test("a second job may not write the file that a first one will") func oneOutput() throws {
        let (first, second) = (try Corpus(records: 60), try Corpus(records: 50))
        let state = try Folder.make()
        let (coordinator, _) = try Self.startCoordinator(state, "tcp://127.0.0.1:*")
        defer {
            kill(coordinator.process, SIGKILL)
            _ = coordinator.wait()
        }
        #expect(try Program.run(submit(first, state)).code == 0)
        let words = [
            "submit", second.input, "--model", Corpus.model, "--output", first.output("out"),
            "--state", state,
        ]
        let refused = try Program.run(words)
        #expect(refused.code == 2)
        #expect(refused.errors.contains("is a file that job"), "\(refused.errors)")
    }

    @Test("a worker told to stop while its coordinator is gone leaves all the same")
    func drainAlone() throws {
        let state = try Folder.make()
        let (coordinator, address) = try Self.startCoordinator(state, "tcp://127.0.0.1:*")
        let worker = try Program.start([Program.path, "worker", "--coordinator", address])
        while !Folder.text("\(worker.folder)/stderr").contains("works for"), !worker.isZombie {}
        kill(coordinator.process, SIGKILL)
        _ = coordinator.wait()
        kill(worker.process, SIGTERM)
        #expect(worker.wait().code == 0, "it holds nothing")
    }

    @Test("a worker told to stop finishes and leaves with code 0") func drain() throws {
        let state = try Folder.make()
        let (coordinator, address) = try Self.startCoordinator(state, "tcp://127.0.0.1:*")
        defer {
            kill(coordinator.process, SIGKILL)
            _ = coordinator.wait()
        }
        let worker = try Program.start([Program.path, "worker", "--coordinator", address])
        var seen = false
        while !seen, !worker.isZombie {
            seen = try Program.run(["status", "--state", state]).output.contains("active")
        }
        #expect(seen)
        kill(worker.process, SIGTERM)
        #expect(worker.wait().code == 0)
        let status = try Program.run(["status", "--state", state])
        #expect(status.output.contains("no workers"))
    }
}
