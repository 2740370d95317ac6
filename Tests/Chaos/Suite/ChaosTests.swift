import Platform
import TestChaos
import TestSupport
import Testing

@Suite("Chaos", .serialized, .timeLimit(.minutes(2))) struct ChaosTests {
    @Test("an undisturbed cluster answers every line once, in order")
    func undisturbed() async throws {
        try await onThread {
            let cluster = try Cluster()
            try cluster.coordinator.start()
            try cluster.add(workers: 2, slots: 2)
            let corpus = try ChaosCorpus("\(cluster.folder)/in.jsonl", records: 2_000, seed: 1)
            var job = ChaosJob(corpus, output: "\(cluster.folder)/out.jsonl", shardRecords: 50)
            try job.submit(to: cluster)
            let check = try job.awaitAnswers(in: cluster, within: .seconds(30))
            #expect(check.violations == [])
        }
    }
}
