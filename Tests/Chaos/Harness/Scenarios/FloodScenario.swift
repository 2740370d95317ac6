import Coordinator
import Platform
import Synchronization
import TestSupport
import Wire

/// Peers that send what no worker would, while others work.
package enum FloodScenario: Scenario {
    package static let name = "flood"
    package static let summary =
        "garbage, over-long frames, messages of a million parts, half handshakes, strangers"

    /// What a peer does over and over.
    package enum Peer: String, Sendable, CaseIterable {
        /// Bytes that are no ZMTP.
        case garbage = "garbage"
        /// Connections that stop in the middle of their greeting.
        case half = "half handshakes"
        /// A greeting that comes byte by byte.
        case trickle = "a byte at a time"
        /// Frames that claim more than they may have, or have it.
        case overlong = "over-long frames"
        /// Whole messages that mean nothing.
        case nonsense = "messages of nonsense"
        /// Messages of no bytes, and of one and three frames.
        case empty = "empty frames"
        /// A message of a million parts, now and then.
        case parts = "a million parts"
        /// Well-formed messages of sessions that nobody knows, whose answers nobody reads.
        case strangers = "strangers"
        /// A message that has no end.
        case endless = "a message without end"

        /// Those that no coordinator may be harmed by.
        static var harmless: [Self] { allCases.filter { $0 != .endless } }
    }

    /// Memory that the coordinator may take beyond what it has in peace, MiB.
    private static let growthMax = 64
    /// The same for messages of a million parts, of which libzmq gathers one or two.
    private static let partsGrowthMax = 512
    /// How long a new worker may take to be let in under a flood.
    private static let joinedMax = Duration.seconds(10)
    /// What a coordinator may have of addresses where a message has no end.
    private static let addressesMax = 2 << 30
    /// How much longer work may take than undisturbed.
    private static let slowdownMax = 3.0

    package static func run(_ size: ScenarioSize) throws -> ScenarioReport {
        let length: Duration = size.isLong ? .seconds(60) : .seconds(6)
        var report = ScenarioReport()
        // One after the other: each takes what there is of the machine.
        for peer in Peer.harmless {
            let part = ScenarioPart(peer.rawValue) { try once(peer, length, seed: size.seed) }
            let one = ScenarioReport(sideBySide: [part])
            report.figures += one.figures
            report.violations += one.violations
        }
        let endless = ScenarioReport(sideBySide: [
            ScenarioPart("parts without end") { try endlessParts(seed: size.seed) }
        ])
        report.figures += endless.figures
        report.violations += endless.violations
        return report
    }

    /// One kind of peers against a coordinator at work.
    package static func once(
        _ peer: Peer,
        _ length: Duration,
        seed: UInt64
    ) throws -> ScenarioReport {
        let cluster = try Cluster()
        var work = Cluster.Work()
        work.seed = seed
        work.delay = 100
        work.records = (20 + Int(length / .milliseconds(25))) * work.shardRecords
        var job = try cluster.begin(work)
        let began = ContinuousClock.now
        try job.awaitRecords(work.shardRecords * 8, in: cluster, within: .seconds(60))
        let calm = try Memory(of: cluster.coordinator)
        let flood = PeerFlood(peer, endpoint: cluster.endpoint, seed: seed)
        try cluster.add(workers: 1, delay: work.delay)
        let joined = try cluster.awaitWorkers(work.workers + 1, within: .seconds(60))
        Waiting.pass(length)
        let records = try job.look(at: cluster)?.records ?? 0
        let attacks = flood.stop()
        var report = ScenarioReport()
        report.expect(records > work.shardRecords * 8, "no work was done under the flood")
        report.expect(attacks > 0, "no peer reached it")
        report.expect(
            cluster.coordinator.isAlive,
            "the flood ended the coordinator: \(cluster.coordinator.errors)"
        )
        let peak = try Memory(of: cluster.coordinator)
        let ledger = try cluster.finish(&job, within: .seconds(60 + 4 * work.seconds), &report)
        let slowdown = (ContinuousClock.now - began) / .seconds(work.seconds)
        report.expect(ledger.repeats == 0, "\(ledger.repeats) shards were given anew")
        report.expect(slowdown < slowdownMax, "work took \(slowdown) times as long")
        let growth = peak.mostMiB - calm.mostMiB
        let growthMax = peer == .parts ? partsGrowthMax : growthMax
        report.expect(growth <= growthMax, "the coordinator took \(growth) MiB more")
        report.expect(joined <= joinedMax, "a new worker was let in after \(joined.shown) s")
        report.add("rounds", attacks)
        report.add("s until a new worker is in", joined.shown)
        report.add("MiB more", growth)
        return report
    }

    /// A message without end, which libzmq gathers until memory is gone: the coordinator ends at
    /// its limit and is started again, as by what supervises it, and nothing is lost.
    package static func endlessParts(seed: UInt64) throws -> ScenarioReport {
        let cluster = try Cluster()
        cluster.coordinator.wrapper = ["prlimit", "--as=\(addressesMax)"]
        var work = Cluster.Work()
        work.seed = seed
        work.delay = 200
        work.records = 200 * work.shardRecords
        var job = try cluster.begin(work)
        try job.awaitRecords(work.shardRecords * 8, in: cluster, within: .seconds(60))
        let flood = PeerFlood(.endless, endpoint: cluster.endpoint, seed: seed)
        let took = try Waiting.until("the coordinator was out of memory", within: .seconds(120)) {
            !cluster.coordinator.isAlive
        }
        _ = flood.stop()
        try cluster.coordinator.start()
        var report = ScenarioReport()
        let ledger = try cluster.finish(&job, within: .seconds(120 + 4 * work.seconds), &report)
        report.add("s until it is out of memory", took.shown)
        report.add("shards given anew", ledger.repeats)
        return report
    }

    /// What a process takes of the machine's memory.
    private struct Memory {
        let mostMiB: Int

        init(of coordinator: CoordinatorProcess) throws {
            let process = coordinator.child?.process ?? 0
            let lines = Text.of("/proc/\(process)/status").split(separator: "\n")
            let line = lines.first { $0.hasPrefix("VmHWM:") }
            let number = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
            guard let number else { throw ChaosFailure("the coordinator's memory is not shown") }
            mostMiB = number >> 10
        }
    }
}

/// A thread of peers of one kind, until it is stopped.
private final class PeerFlood: Sendable {
    private let isStopping = Atomic(false)
    private let rounds = Atomic(0)
    private let thread = Mutex<OSThread?>(nil)

    init(_ peer: FloodScenario.Peer, endpoint: String, seed: UInt64) {
        let started = OSThread(name: "flood") {
            var random = SplitMix(state: seed)
            while !self.isStopping.load(ordering: .relaxed) {
                let isStopping = { self.isStopping.load(ordering: .relaxed) }
                guard (try? Self.round(peer, endpoint, &random, isStopping)) != nil else {
                    Waiting.pass(.milliseconds(1))
                    continue
                }
                self.rounds.add(1, ordering: .relaxed)
            }
        }
        thread.withLock { $0 = started }
    }

    /// - Returns: how often the peers did what they do.
    func stop() -> Int {
        isStopping.store(true, ordering: .relaxed)
        thread.withLock { thread -> OSThread? in
            defer { thread = nil }
            return thread
        }?.join()
        return rounds.load(ordering: .relaxed)
    }

    private static func round(
        _ peer: FloodScenario.Peer,
        _ endpoint: String,
        _ random: inout SplitMix,
        _ isStopping: () -> Bool
    ) throws {
        switch peer {
        case .garbage:
            let length = Int.random(in: 1...100_000, using: &random)
            _ = try RawPeer(to: endpoint).send(bytes(length, &random))
        case .half: try holdHalf(endpoint, &random)
        case .trickle: try trickle(endpoint)
        case .overlong: try sendOverlong(endpoint, &random)
        case .nonsense:
            try greeted(endpoint) { peer in
                for _ in 0..<1_000 {
                    let header = bytes(Int.random(in: 0...5_000, using: &random), &random)
                    let payload = bytes(Int.random(in: 0...1_000, using: &random), &random)
                    let message = RawPeer.frame(header, more: true) + RawPeer.frame(payload)
                    guard peer.send(message) else { return }
                }
            }
        case .empty:
            try greeted(endpoint) { peer in
                for count in 1...3_000 {
                    let more = [UInt8](repeating: 0, count: count % 3).flatMap { _ in
                        RawPeer.frame([], more: true)
                    }
                    guard peer.send(more + RawPeer.frame([])) else { return }
                }
            }
        case .parts:
            try greeted(endpoint) { peer in
                let thousand = (0..<1_000).flatMap { _ in RawPeer.frame([7], more: true) }
                for _ in 0..<1_000 where !peer.send(thousand) { return }
                _ = peer.send(RawPeer.frame([7]))
                Waiting.pass(.milliseconds(500))
            }
        case .endless:
            try greeted(endpoint) { peer in
                let many = (0..<100_000).flatMap { _ in RawPeer.frame([7], more: true) }
                while peer.send(many), !isStopping() {}
            }
        case .strangers: try sendStrange(endpoint, &random)
        }
    }

    private static func greeted(_ endpoint: String, _ body: (borrowing RawPeer) -> Void) throws {
        let peer = try RawPeer(to: endpoint)
        guard peer.greet() else { throw ChaosFailure("the coordinator does not greet") }
        body(peer)
    }

    private static func holdHalf(_ endpoint: String, _ random: inout SplitMix) throws {
        let flood = Flood(endpoint: endpoint, most: 1_000)
        for _ in 0..<20 {
            flood.press()
            for _ in 0..<10 {
                let peer = try RawPeer(to: endpoint)
                let length = Int.random(in: 1...63, using: &random)
                _ = peer.send(Array(RawPeer.greeting.prefix(length)))
            }
        }
    }

    private static func trickle(_ endpoint: String) throws {
        let peer = try RawPeer(to: endpoint)
        for byte in RawPeer.greeting + RawPeer.ready {
            guard peer.send([byte]) else { return }
            Waiting.pass(.milliseconds(2))
        }
        _ = peer.isEnded(within: .milliseconds(10))
    }

    private static func sendOverlong(_ endpoint: String, _ random: inout SplitMix) throws {
        let claims: [UInt64] = [300_001, 1 << 31, 1 << 40, 1 << 63, .max]
        try greeted(endpoint) { peer in
            let claim = claims.randomElement(using: &random) ?? 0
            _ = peer.send(RawPeer.frame(bytes(1_000, &random), claimed: claim))
        }
        try greeted(endpoint) { peer in
            _ = peer.send(RawPeer.frame([UInt8](repeating: 1, count: 300_001)))
        }
    }

    private static func sendStrange(_ endpoint: String, _ random: inout SplitMix) throws {
        try greeted(endpoint) { peer in
            for number in 0..<2_000 {
                let session = WireSession(high: random.next(), low: random.next())
                let envelope = Envelope(
                    epoch: random.next() % 4,
                    session: session,
                    sequence: UInt64(number)
                )
                let message: WorkerMessage =
                    number % 2 == 0
                    ? .credit(total: random.next())
                    : .release([random.next() % 100])
                let frames = message.encode(envelope)
                let bytes = RawPeer.frame(frames.header, more: true) + RawPeer.frame(frames.payload)
                guard peer.send(bytes) else { return }
            }
        }
    }

    private static func bytes(_ count: Int, _ random: inout SplitMix) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
}
