import Platform
import Records
import Scheduling
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Coordinator

@Suite("A coordinator on a full disk", .enabled(if: SmallDisk.canMount), .timeLimit(.minutes(10)))
struct FullDiskTests {
    @Test("nothing is acknowledged or taken in without room, and all goes on once there is some")
    func fullDisk() async throws {
        let folder = try TestFolder()
        try await onThread {
            let disk = try SmallDisk(mebibytes: 16)
            let worker = try HandWorker(state: "\(disk.path)/state")
            let specification = folder.specification([try folder.write("in", "{}\n")])
            let job = try worker.coordinator.submit(specification)
            try worker.greet(credit: 1)
            let (assign, _) = try worker.takeShard()
            // An empty WAL has no room to give.
            let wal = "\(disk.path)/state/ledger.sqlite-wal"
            try worker.wait("an idle ledger") { try Files.status(wal).byteCount == 0 }
            try disk.fill()
            try worker.end(assign.lease, Array("one\n".utf8), records: 1)
            try worker.wait("the full disk") { worker.coordinator.status.fullDisk != nil }
            var other = specification
            other.output = folder.file("other")
            let error = #expect(throws: CoordinatorError.self) {
                _ = try worker.coordinator.submit(other)
            }
            #expect(error?.exitCode == 75)
            #expect(error?.description.contains("make room on its disk") == true)
            #expect(worker.state(of: job)?.records == 0)
            try disk.free()
            // Within the 15 s of the worker's patience, by itself.
            #expect(try worker.next() == .resultAck(lease: assign.lease, .committed))
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(folder.text("out") == "one\n")
            #expect(worker.coordinator.status.fullDisk == nil)
            #expect(try worker.coordinator.find(other) == nil)
        }
    }

    @Test("a wish on a full disk is answered at once, and comes true once there is room")
    func wishes() async throws {
        let folder = try TestFolder()
        try await onThread {
            let disk = try SmallDisk(mebibytes: 16)
            let worker = try HandWorker(state: "\(disk.path)/state")
            let coordinator = worker.coordinator
            var specification = folder.specification([try folder.write("in", "{}\n")])
            let first = try coordinator.submit(specification)
            specification.output = folder.file("other")
            let second = try coordinator.submit(specification)
            try worker.greet(credit: 1)
            let (assign, _) = try worker.takeShard()
            let wal = "\(disk.path)/state/ledger.sqlite-wal"
            try worker.wait("an idle ledger") { try Files.status(wal).byteCount == 0 }
            try disk.fill()
            try worker.end(assign.lease, Array("one\n".utf8), records: 1)
            try worker.wait("the full disk") { coordinator.status.fullDisk != nil }
            let refusals = Refusals()
            let thread = OSThread(name: "wisher") {
                for _ in 0..<2 {
                    refusals.note { _ = try coordinator.cancel(first.description) }
                    refusals.note { _ = try coordinator.pause(second.description) }
                }
                refusals.note { _ = try coordinator.resume(second.description, maxErrors: nil) }
            }
            try worker.wait("the answers to the wishes") { refusals.all.count == 5 }
            thread.join()
            #expect(refusals.all.allSatisfy { $0.exitCode == 75 })
            let isKept = refusals.all.map { $0.description.contains("as soon as there is room") }
            #expect(isKept == [true, true, true, true, false])
            #expect(worker.state(of: first)?.state == .cancelling)
            #expect(worker.state(of: second)?.state == .paused)
            try disk.free()
            try worker.wait("the end") { worker.state(of: first)?.state == .cancelled }
            #expect(try coordinator.pause(second.description).state == .paused)
        }
    }

    @Test("an output without room waits, holds up no other, takes no rejects, and is written then")
    func output() async throws {
        let folder = try TestFolder()
        try await onThread {
            let disk = try SmallDisk(mebibytes: 1)
            let worker = try HandWorker(folder)
            var specification = folder.specification([try folder.write("in", "{}\n")])
            let answers = [UInt8](repeating: 65, count: 200 << 10) + [10]
            try disk.fill(leaving: 100 << 10)
            try worker.greet(credit: 3)
            func answer(_ output: String) throws -> JobID {
                specification.output = output
                let job = try worker.coordinator.submit(specification)
                let lease = try worker.takeShard().assign.lease
                try worker.end(lease, answers, records: 1)
                #expect(try worker.next() == .resultAck(lease: lease, .committed))
                return job
            }
            let waiting = try answer("\(disk.path)/out")
            let cancelled = try answer("\(disk.path)/never")
            for job in [waiting, cancelled] {
                try worker.wait("the want of room") { worker.state(of: job)?.message != "" }
                let shown = try #require(worker.state(of: job))
                #expect(shown.state == .publishing)
                #expect(shown.message.contains("no room for --output in \(disk.path)"))
                #expect(shown.message.contains("\(answers.count) bytes are needed"))
            }
            // Refused only for moments, in which it is tried.
            try worker.wait("the cancellation") {
                (try? worker.coordinator.cancel(cancelled.description))?.state == .cancelled
            }
            let other = try answer(folder.file("out"))
            try worker.wait("the other's end") { worker.state(of: other)?.state == .done }
            specification.output = "\(disk.path)/out"
            specification.rejects = folder.file("rejects")
            let error = #expect(throws: CoordinatorError.self) {
                _ = try worker.coordinator.find(specification)
            }
            #expect(error?.description.contains("these --rejects were not asked for") == true)
            #expect(try Files.names(in: disk.path) == ["filler"])
            try disk.free()
            try worker.wait("the end") { worker.state(of: waiting)?.state == .done }
            #expect(try Files.names(in: disk.path) == ["out"])
            #expect(try Files.status("\(disk.path)/out").byteCount == answers.count)
        }
    }
}

/// What wishes of one thread were answered, for another that waits for it.
private final class Refusals: Sendable {
    private let errors = Mutex<[CoordinatorError]>([])

    var all: [CoordinatorError] { errors.withLock { $0 } }

    func note(_ wish: () throws -> Void) {
        do {
            try wish()
            Issue.record("a wish came true on a full disk")
        } catch let error as CoordinatorError {
            errors.withLock { $0.append(error) }
        } catch {
            Issue.record("\(error)")
        }
    }
}
