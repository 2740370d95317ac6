import Platform
import Scheduling
import TestSupport
import Testing
import Wire

@testable import Coordinator

@Suite("Wishes at a coordinator", .serialized, .timeLimit(.minutes(10))) struct WishTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    /// A job of two shards, as each is a record.
    private func specification(_ name: String) throws -> JobSpecification {
        var specification = folder.specification([try folder.write("in-\(name)", "{}\n{}\n")])
        specification.output = folder.file("out-\(name)")
        specification.shardRecordsMax = 1
        return specification
    }

    @Test("an input of a job that has not ended is no other job's output or rejects")
    func targets() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            let first = try specification("a")
            let job = try worker.coordinator.submit(first)
            for isOutput in [true, false] {
                var other = try specification("b")
                other.replacesOutput = true
                if isOutput {
                    other.output = first.inputs[0].path
                } else {
                    other.rejects = first.inputs[0].path
                }
                let error = #expect(throws: CoordinatorError.self) {
                    _ = try worker.coordinator.find(other)
                }
                #expect(error?.exitCode == 2)
                #expect(error?.description.contains("is an input of job \(job)") == true)
            }
            _ = try worker.coordinator.cancel(job.description)
            var other = try specification("b")
            other.output = first.inputs[0].path
            other.replacesOutput = true
            #expect(try worker.coordinator.find(other) == nil)
        }
    }

    @Test("a job that is cancelled takes no result, writes nothing, and stays so")
    func cancel() async throws {
        try await onThread {
            let specification = try specification("a")
            var id = ""
            do {
                let worker = try HandWorker(folder)
                let job = try worker.coordinator.submit(specification)
                id = job.description
                try worker.greet(credit: 1)
                let first = try worker.takeShard().assign.lease
                try worker.end(first, Array("one\n".utf8), records: 1)
                #expect(try worker.next() == .resultAck(lease: first, .committed))
                try worker.send(.credit(total: 2))
                let second = try worker.takeShard().assign.lease
                let cancelled = try worker.coordinator.cancel(id)
                #expect(cancelled.state == .cancelled)
                #expect(cancelled.records == 1)
                #expect(try worker.next() == .cancel(lease: second))
                try worker.end(second, Array("two\n".utf8), records: 1)
                #expect(try worker.next() == .resultAck(lease: second, .rejected))
                #expect(try worker.coordinator.cancel(id) == cancelled, "it is what it was")
                #expect(throws: CoordinatorError.self) { _ = try worker.coordinator.pause(id) }
                #expect(throws: CoordinatorError.self) {
                    _ = try worker.coordinator.resume(id, maxErrors: nil)
                }
                let answers = folder.file("state/data/out/\(id)")
                try worker.wait("the answers' end") { !Files.exists(answers) }
            }
            let worker = try HandWorker(folder)
            #expect(try worker.coordinator.job(id).state == .cancelled)
            #expect(try worker.coordinator.job(id).records == 1)
            #expect(folder.text("out-a") == nil)
            // The same job is another one now.
            #expect(try worker.coordinator.admit(specification).wasKnown == false)
        }
    }

    @Test("a paused job gives nothing, over a restart too, and goes on where it was")
    func pause() async throws {
        try await onThread {
            let specification = try specification("a")
            let job: JobID
            do {
                let worker = try HandWorker(folder)
                job = try worker.coordinator.submit(specification)
                try worker.greet(credit: 1)
                let first = try worker.takeShard().assign.lease
                #expect(try worker.coordinator.pause(job.description).state == .paused)
                #expect(try worker.coordinator.pause(job.description).state == .paused)
                try worker.end(first, Array("one\n".utf8), records: 1)
                #expect(try worker.next() == .resultAck(lease: first, .committed))
            }
            var limits = SchedulerLimits()
            limits.readoptionGrace = .zero
            let worker = try HandWorker(folder, limits: limits)
            try worker.greet(credit: 1)
            #expect(worker.state(of: job)?.state == .paused)
            // Another job is given; this one, though older, is not.
            let other = try worker.coordinator.submit(try self.specification("b"))
            let (assign, _) = try worker.takeShard()
            #expect(assign.job == other.description)
            #expect(try worker.coordinator.admit(specification).wasKnown)
            #expect(worker.state(of: job)?.state == .paused, "who asks again has not resumed it")
            #expect(
                try worker.coordinator.resume(job.description, maxErrors: nil).state == .running
            )
            try worker.send(.credit(total: 2))
            let (last, _) = try worker.takeShard()
            #expect(last.job == job.description)
            try worker.end(last.lease, Array("two\n".utf8), records: 1)
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(folder.text("out-a") == "one\ntwo\n")
            let error = #expect(throws: CoordinatorError.self) {
                _ = try worker.coordinator.cancel(job.description)
            }
            #expect(error?.description.contains("is done; its answers are in") == true)
        }
    }

    @Test("a job that failed can be cancelled, or resumed") func failed() async throws {
        try await onThread {
            var limits = SchedulerLimits()
            limits.refusalGrace = .zero
            let worker = try HandWorker(folder, limits: limits)
            let job = try worker.coordinator.submit(try specification("a"))
            try worker.greet(credit: 1)
            let lease = try worker.takeShard().assign.lease
            func fail(_ lease: UInt64) throws {
                try worker.send(.fail(lease: lease, .modelMissing, record: -1, text: "no model"))
                try worker.wait("the failure") { worker.state(of: job)?.state == .failed }
            }
            try fail(lease)
            let resumed = try worker.coordinator.resume(job.description, maxErrors: nil)
            #expect(resumed.state == .running)
            try worker.send(.credit(total: 2))
            try fail(try worker.takeShard().assign.lease)
            #expect(try worker.coordinator.cancel(job.description).state == .cancelled)
            #expect(worker.state(of: job)?.message == "")
        }
    }

    @Test("a job with too many errors is paused, and goes on when it may have more")
    func maxErrors() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            var specification = try specification("a")
            specification.maxErrors = .records(0)
            let job = try worker.coordinator.submit(specification)
            try worker.greet(credit: 1)
            let lease = try worker.takeShard().assign.lease
            try worker.end(lease, Array("one\n".utf8), records: 1, failed: 1)
            #expect(try worker.next() == .resultAck(lease: lease, .committed))
            let paused = try #require(worker.state(of: job))
            #expect(paused.state == .paused)
            #expect(paused.message.contains("1 of 1 records have error answers"))
            #expect(try worker.coordinator.admit(specification).wasKnown)
            #expect(worker.state(of: job)?.state == .paused)
            specification.maxErrors = .percent(50)
            #expect(try worker.coordinator.admit(specification).wasKnown)
            #expect(worker.state(of: job)?.state == .running)
            try worker.send(.credit(total: 2))
            let last = try worker.takeShard().assign.lease
            try worker.end(last, Array("two\n".utf8), records: 1)
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
        }
    }

    @Test("who asks for a job that is not there is told so") func noJob() async throws {
        try await onThread {
            let worker = try HandWorker(folder)
            for wish in [worker.coordinator.cancel, worker.coordinator.pause] {
                let error = #expect(throws: CoordinatorError.self) { _ = try wish("nothing") }
                #expect(error?.description.contains("has no job nothing") == true)
                #expect(error?.exitCode == 2)
            }
        }
    }
}
