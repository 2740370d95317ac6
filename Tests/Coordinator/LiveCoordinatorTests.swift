import Platform
import Records
import Scheduling
import TestSupport
import Testing
import Wire

@testable import Coordinator

@Suite("A coordinator and a worker", .serialized, .timeLimit(.minutes(10)))
struct LiveCoordinatorTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private func submit(
        _ text: String,
        _ name: String,
        to worker: HandWorker
    ) throws -> (job: JobID, output: String) {
        var specification = folder.specification([try folder.write("in-\(name)", text)])
        specification.output = folder.file("out-\(name)")
        #expect(try worker.coordinator.find(specification) == nil)
        return (try worker.coordinator.submit(specification), "out-\(name)")
    }

    @Test("a job goes out as shards and comes back as its output") func job() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            let (job, output) = try submit("{}\n\n{}\n", "a", to: worker)
            try worker.greet(credit: 1)
            let (assign, input) = try worker.takeShard()
            #expect(input == Array("{}\n\n{}\n".utf8))
            #expect(assign.job == job.description)
            #expect(assign.lineCount == 3)
            #expect(assign.recordCount == 2)
            try worker.end(assign.lease, Array("one\ntwo\n".utf8), records: 2)
            #expect(try worker.next() == .resultAck(lease: assign.lease, .committed))
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(folder.text(output) == "one\ntwo\n")
            #expect(worker.state(of: job)?.records == 2)
            try worker.end(assign.lease, Array("one\ntwo\n".utf8), records: 2)
            #expect(try worker.next() == .resultAck(lease: assign.lease, .rejected))
        }
    }

    @Test("large inputs and results go in chunks, both ways") func chunks() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            let chunk = WireLimits.payloadBytesMax
            let text = "{" + String(repeating: " ", count: 6 * chunk) + "}\n"
            let (job, output) = try submit(text, "a", to: worker)
            try worker.greet(credit: 1)
            let (assign, input) = try worker.takeShard()
            let isWhole = input == Array(text.utf8)
            #expect(isWhole)
            let answers = [UInt8](repeating: 65, count: 3 * chunk + 7) + [10]
            var offset = 0
            while offset < answers.count {
                let bytes = Array(answers[offset..<min(answers.count, offset + chunk)])
                let message = WorkerMessage.resultChunk(
                    lease: assign.lease,
                    offset: UInt64(offset),
                    bytes: bytes
                )
                try worker.send(message)
                offset += bytes.count
                let acknowledged = try worker.next()
                #expect(acknowledged == .chunkAck(lease: assign.lease, nextOffset: UInt64(offset)))
            }
            try worker.end(assign.lease, answers, records: 1, inline: false)
            #expect(try worker.next() == .resultAck(lease: assign.lease, .committed))
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(folder.text(output)?.utf8.count == answers.count)
        }
    }

    @Test("a result that is not the one announced is asked for again") func damaged() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            _ = try submit("{}\n", "a", to: worker)
            try worker.greet(credit: 1)
            let lease = try worker.takeShard().assign.lease
            try worker.send(.resultChunk(lease: lease, offset: 0, bytes: [1, 2]))
            #expect(try worker.next() == .chunkAck(lease: lease, nextOffset: 2))
            try worker.end(lease, [1, 3], records: 1, inline: false)
            #expect(try worker.next() == .resultAck(lease: lease, .resend))
            try worker.end(lease, [1, 10], records: 1)
            #expect(try worker.next() == .resultAck(lease: lease, .committed))
        }
    }

    @Test("answers that are not as many as the records are rejected, and in the end given up")
    func otherCount() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            let (job, output) = try submit("{\"text\":\"a\"}\n{\"id\":7}\n", "a", to: worker)
            try worker.greet(credit: 1)
            // The shard three times, then each of its halves.
            for round in 1...9 {
                let lease = try worker.takeShard().assign.lease
                try worker.end(lease, [1, 10], records: 7)
                #expect(try worker.next() == .resultAck(lease: lease, .rejected), "\(round)")
                try worker.send(.credit(total: UInt64(round + 1)))
            }
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(worker.state(of: job)?.failedRecords == 2)
            let lines = try #require(folder.text(output)).split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].hasPrefix("{\"id\":null,\"index\":0,\"error\":{\"code\":\"poison\""))
            #expect(lines[0].contains("3 ended with the worker's word that it cannot be done"))
            #expect(
                lines[1].hasPrefix("{\"id\":7,\"index\":1,\"error\":{\"code\":\"missing_field\"")
            )
        }
    }

    @Test("whoever is not known here is told to greet, and changes nothing")
    func unknown() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            try worker.send(.credit(total: 5))
            #expect(try worker.next() == .resync)
            try worker.greet(credit: 1)
            worker.epoch += 1
            try worker.send(.bye(reason: "of another life"))
            #expect(try worker.next() == .resync)
            try worker.wait("the worker") {
                worker.coordinator.status.workers.map(\.name) == ["hand"]
            }
            try worker.send(.credit(total: 1))
            #expect(try worker.next() == .resync)
            #expect(worker.coordinator.status.workers.map(\.name) == ["hand"])
        }
    }

    @Test("a worker that was given up is told to greet, not left alone with its heartbeats")
    func forgotten() async throws {
        try await onThread {
            var limits = SchedulerLimits()
            limits.deadAfter = .nanoseconds(1)
            let worker = try HandWorker(folder, limits: limits)
            try worker.greet(credit: 1)
            let heartbeat = Heartbeat(isDraining: false, residentMiB: 0, held: [])
            // Those that come before time has passed for the loop are answered as usual.
            var answer: CoordinatorMessage
            repeat {
                try worker.send(.heartbeat(heartbeat))
                answer = try worker.next()
            } while answer.isHeartbeatAck
            #expect(answer == .resync)
        }
    }

    @Test("a worker of another protocol is refused with what to do") func otherProtocol()
        async throws
    {
        try await onThread {
            let worker = try HandWorker(folder)
            try worker.greet(credit: 0, versions: 2...9)
            guard case .refuse(.version, 60_000, let text) = try worker.next() else {
                Issue.record("a worker of another protocol was let in")
                return
            }
            #expect(text.contains("the worker 2 to 9: use the same Kennel"))
        }
    }

    @Test("what is no message is let go, and the next message is heard") func junk() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            try worker.send(Frames(header: [], payload: []))
            try worker.send(Frames(header: [1, 2, 3], payload: [4]))
            try worker.send(
                CoordinatorMessage.fenced.encode(
                    Envelope(epoch: 1, session: worker.session, sequence: 0)
                )
            )
            try worker.greet(credit: 1)
        }
    }

    @Test("a job that fails before its shards are sent leaves the worker its credit")
    func credit() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            let lines = String(repeating: "{}\n", count: 20_000)
            let (failing, _) = try submit(lines, "gone", to: worker)
            try worker.greet(credit: 1)
            let sent = try worker.takeShard().assign.lease
            try Files.remove(folder.file("in-gone"))
            try worker.send(.credit(total: 2))
            let cancelled = [try worker.next(), try worker.next()]
            #expect(cancelled.contains(.cancel(lease: sent)))
            try worker.wait("the failure") {
                if case .failed = worker.state(of: failing)?.state { true } else { false }
            }
            let (job, output) = try submit("{}\n", "next", to: worker)
            let (assign, _) = try worker.takeShard()
            #expect(assign.job == job.description)
            try worker.end(assign.lease, [1, 10], records: 1)
            #expect(try worker.next() == .resultAck(lease: assign.lease, .committed))
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(folder.text(output) == "\u{1}\n")
        }
    }

    @Test("a job whose path and options fit into no message is refused") func longTask()
        async throws
    {
        try await onThread {
            let worker = try HandWorker(folder)
            var specification = folder.specification([try folder.write("in", "{}\n")])
            specification.options.carry = (0..<400).map { "field \($0)" }
            let error = #expect(throws: CoordinatorError.self) {
                _ = try worker.coordinator.find(specification)
            }
            #expect(error?.exitCode == 2)
            #expect(error?.description.contains("carry fewer fields") == true)
        }
    }
}

extension CoordinatorMessage {
    fileprivate var isHeartbeatAck: Bool {
        if case .heartbeatAck = self { true } else { false }
    }
}
