import Scheduling
import TestSimulation
import TestSupport
import Testing

/// Shards are cut as they are needed: what the core holds follows the workers, never the job.
@Suite("A long job", .serialized) struct MemoryTests {
    @Test("holds as many shards as a short one, and both no more than the workers need")
    func openShards() async throws {
        try await onThread {
            let workers = 50
            let reports = [20_000, 200_000].map { records in
                CoreLoad.run(.init(workers: workers, records: records, shardRecords: 1))
            }
            for report in reports {
                #expect(report.isPublished)
                #expect(report.shards == report.records)
                // Two at each worker, two asked for, and one more for each slot.
                #expect(report.peak.openShards <= 5 * workers)
                #expect(report.peak.openBytes <= 5 * workers * 16)
                #expect(report.peak.waitingPlaces <= 5 * workers)
                #expect(report.peak.leases <= 2 * workers)
                #expect(report.peak.ended == 0, "whatever ended was let go of")
                #expect(report.transfersMax <= 2 * workers)
            }
            #expect(reports.map(\.records) == [20_000, 200_000])
            #expect(reports[0].peak == reports[1].peak)
        }
    }

    @Test("of large shards holds as many bytes as a short one")
    func openBytes() async throws {
        try await onThread {
            let workers = 20
            let reports = [2_000_000, 20_000_000].map { records in
                CoreLoad.run(.init(workers: workers, records: records, shardRecords: 1_024))
            }
            for report in reports {
                #expect(report.peak.openShards <= 5 * workers)
                #expect(report.peak.openBytes <= 5 * workers * 1_024 * 16)
            }
            #expect(reports.map(\.records) == [2_000_000, 20_000_000])
        }
    }
}
