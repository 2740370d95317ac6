import Ledger
import Platform
import Scheduling
import TestSupport
import Testing
import Wire

@testable import Coordinator

@Suite("Room that is kept on a disk") struct RoomTests {
    @Test(
        "a tenth of a small disk, or 2 GiB of a large one, is kept from jobs, half from shards"
    )
    func levels() {
        let gibibyte = 1 << 30
        func level(_ free: Int, of total: Int) -> DiskRoom.Level {
            DiskRoom(freeBytes: free, totalBytes: total).level
        }
        #expect(level(10, of: 100) == .jobs)
        #expect(level(9, of: 100) == .shards)
        #expect(level(5, of: 100) == .shards)
        #expect(level(4, of: 100) == .answers)
        #expect(level(2 * gibibyte, of: 1_000 * gibibyte) == .jobs)
        #expect(level(2 * gibibyte - 1, of: 1_000 * gibibyte) == .shards)
        #expect(level(gibibyte - 1, of: 1_000 * gibibyte) == .answers)
        #expect(level(0, of: 0) == .jobs, "a disk that tells nothing keeps nothing")
    }

    @Test(
        "new jobs wait for room, then shards; what was given counts, and all goes on by itself",
        .enabled(if: SmallDisk.canMount),
        .timeLimit(.minutes(10))
    )
    func limits() async throws {
        let folder = try TestFolder()
        try await onThread {
            let disk = try SmallDisk(mebibytes: 64)
            let worker = try HandWorker(state: "\(disk.path)/state", keepsRoom: true)
            var first = folder.specification([try folder.write("in", "{}\n{}\n{}\n")])
            first.shardRecordsMax = 1
            let job = try worker.coordinator.submit(first)
            try worker.greet(credit: 1)
            var lease = try worker.takeShard().assign.lease
            try disk.fill(leaving: 5 << 20)
            try worker.wait("little room") { worker.coordinator.status.littleRoom != nil }
            var other = first
            other.output = folder.file("other")
            let error = #expect(throws: CoordinatorError.self) {
                _ = try worker.coordinator.submit(other)
            }
            #expect(error?.exitCode == 75)
            #expect(
                error?.description.contains("fewer than 6 MiB are") == true
            )
            // Shards are given still.
            try worker.end(lease, Array("one\n".utf8), records: 1)
            #expect(try worker.next() == .resultAck(lease: lease, .committed))
            try worker.send(.credit(total: 2))
            lease = try worker.takeShard().assign.lease
            try disk.free()
            try disk.fill(leaving: 2 << 20)
            try worker.wait("less room") {
                worker.coordinator.status.littleRoom?.contains("no work is given") == true
            }
            try worker.end(lease, Array("two\n".utf8), records: 1)
            #expect(try worker.next() == .resultAck(lease: lease, .committed))
            try worker.send(.credit(total: 3))
            try worker.send(.heartbeat(Heartbeat(isDraining: false, residentMiB: 0, held: [])))
            guard case .heartbeatAck = try worker.next() else {
                Issue.record("a shard was given without room")
                return
            }
            #expect(try worker.coordinator.pause(job.description).state == .paused)
            _ = try worker.coordinator.resume(job.description, maxErrors: nil)
            try disk.free()
            lease = try worker.takeShard().assign.lease
            try worker.end(lease, Array("three\n".utf8), records: 1)
            try worker.wait("the end") { worker.state(of: job)?.state == .done }
            #expect(worker.coordinator.status.littleRoom == nil)
            #expect(folder.text("out") == "one\ntwo\nthree\n")
        }
    }
}
