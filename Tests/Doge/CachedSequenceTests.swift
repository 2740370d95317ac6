import CDogeKernels
import Glibc
import TestSupport
import Testing

@testable import Doge

/// The cache against all that it was ever told, kept whole and chosen from by sorting.
@Suite("Keys and values of a sequence") struct CachedSequenceTests {
    struct Case: Sendable, CustomStringConvertible {
        let window: Int
        let sliding: Int?
        let prompt: Int

        var description: String { "window \(window), sliding \(sliding ?? 0), prompt \(prompt)" }
    }

    static let cases: [Case] = [1, 2, 63, 64, 65, 66, 128].flatMap { (window: Int) -> [Case] in
        let slidings: [Int?] = [
            nil, 1, 2, window - 1, window, window + 1, 64, 2 * window + 3,
        ]
        return slidings.filter { $0 != 0 }.flatMap { (sliding: Int?) -> [Case] in
            let limit = sliding ?? window
            let prompts: [Int] = [1, 2, 64, limit - 1, limit, limit + 1, window, 150]
            return Set(prompts.filter { $0 > 0 }).sorted().map {
                Case(window: window, sliding: sliding, prompt: $0)
            }
        }
    }

    static func configuration(_ window: Int, _ sliding: Int?) throws -> DogeConfiguration {
        let sliding = sliding.map { ",\"sliding_window\":\($0)" } ?? ""
        return try TinyModel.configuration(
            "{\"head_dim\":4,\"num_attention_heads\":4,\"num_key_value_heads\":2,"
                + "\"num_hidden_layers\":1,\"keep_window_size\":\(window)\(sliding)}"
        )
    }

    /// Two key heads of dimension 4, each with two query heads.
    static let (sections, group, dimension, width) = (2, 2, 4, 9)

    @Test("each position weighs the keys that the window keeps of those in reach")
    func windows() throws {
        var worst = 0.0
        for (number, c) in Self.cases.enumerated() {
            let configuration = try Self.configuration(c.window, c.sliding)
            let pool = PagePool(configuration, byteBudget: 1 << 24)
            var bench = Bench(seed: UInt64(number), levels: [1_000_000, 3, 1][number % 3])
            var sequence = try bench.begin(c, configuration, pool)
            for _ in 0..<70 { worst = max(worst, try bench.step(&sequence, c)) }
            #expect(worst < 1e-5, "\(c)")
            #expect(pool.used <= pool.reserved)
            bench.drop(&sequence)
            #expect(pool.used == 0 && pool.reserved == 0, "\(c)")
        }
        print("cached sequences: \(worst)")
    }

    @Test("forks go their own ways and harm no page of the others")
    func forks() throws {
        for (number, c) in Self.cases.enumerated() where number % 3 == 0 {
            let configuration = try Self.configuration(c.window, c.sliding)
            let pool = PagePool(configuration, byteBudget: 1 << 24)
            var bench = Bench(seed: UInt64(number), levels: 4)
            var all = [try bench.begin(c, configuration, pool)]
            var worst = 0.0
            for _ in 0..<120 {
                let index = Int.random(in: all.indices, using: &bench.generator)
                switch Int.random(in: 0..<12, using: &bench.generator) {
                case 0 where all.count < 5:
                    let fork = try #require(all[index].cache?.fork(of: pool))
                    all.append(Bench.Sequence(cache: fork, past: all[index].past))
                case 1 where all.count > 1: all.remove(at: index)
                default: worst = max(worst, try bench.step(&all[index], c))
                }
                #expect(pool.used <= pool.reserved)
            }
            #expect(worst < 1e-5, "\(c)")
            all = []
            #expect(pool.used == 0 && pool.reserved == 0, "\(c)")
        }
    }

    @Test("decoding meets the window's keys and no more, however long the past")
    func cost() throws {
        // A kernel that answers how many keys it was asked to weigh.
        var kernels = try #require(ck_kernels_for(CK_GENERIC)).pointee
        kernels.attend_rows = { call in
            let call = call.pointee
            call.outputs[0] = Float(call.key_count)
        }
        for (window, sliding, most) in [(100, nil, 100), (100, 40, 40), (40, 100, 40)]
            as [(Int, Int?, Int)]
        {
            let c = Case(window: window, sliding: sliding, prompt: 30)
            let configuration = try Self.configuration(window, sliding)
            let pool = PagePool(configuration, byteBudget: 1 << 24)
            var bench = Bench(seed: 1, levels: 1_000)
            var sequence = try bench.begin(c, configuration, pool)
            for _ in 30..<2_000 {
                try bench.append(&sequence)
                let got = withUnsafePointer(to: kernels) { bench.attend(sequence, 0, $0) }
                let length = sequence.past.count
                #expect(got[0] == Float(min(length, most)))
                let reach = min(length, window, sliding ?? length)
                #expect(CachedSequence.keyCountMax(configuration, length: length) == reach)
                sequence.cache?.advance(by: 1)
            }
            #expect(pool.used == ((sliding ?? window) + 63) / 64, "pages for the slots")
        }
    }

    @Test("pages that are set aside are not given to others")
    func reservations() throws {
        let configuration = try Self.configuration(128, nil)
        let page = PagePool.pageBytes(configuration, CK_F32)
        let pool = PagePool(configuration, byteBudget: 3 * page + page / 2)
        #expect(pool.capacity == 3)
        var first = pool.sequence(configuration, tokens: 65)
        #expect(first != nil && pool.reserved == 2 && pool.used == 0)
        #expect(pool.sequence(configuration, tokens: 65) == nil)
        #expect(first?.fork(of: pool) == nil && pool.reserved == 2)
        let second = pool.sequence(configuration, tokens: 64)
        #expect(second != nil && pool.reserved == 3 && pool.reserve(1) == nil)
        first = nil
        #expect(pool.reserved == 1 && second?.makeRoom(for: 64) == true && pool.used == 1)
        // However many tokens, no more slots than the window.
        #expect(pool.sequence(configuration, tokens: 1_000_000) != nil)
        #expect(pool.reserved == 1)
    }
}

extension PagePool {
    /// A sequence, where its pages can be set aside.
    fileprivate func sequence(_ c: DogeConfiguration, tokens: Int) -> CachedSequence? {
        reserve(CachedSequence.pageCount(c, tokens: tokens))
            .map { CachedSequence(c, $0, tokens: tokens) }
    }
}

extension CachedSequence {
    /// A fork, where its pages can be set aside.
    fileprivate func fork(of pool: PagePool) -> CachedSequence? {
        pool.reserve(reservation.count).map { fork($0) }
    }
}

/// Sequences with all that was ever put into them.
private struct Bench {
    struct Sequence {
        var cache: CachedSequence?
        /// Rows of (key, value, dt) by position and section.
        var past: [[[Float]]] = []
    }

    var generator: SplitMix
    /// Values that dt may take; few make ties.
    let levels: Int

    init(seed: UInt64, levels: Int) {
        generator = SplitMix(state: seed)
        self.levels = levels
    }

    private mutating func random(_ count: Int) -> [Float] {
        (0..<count).map { _ in .random(in: -1...1, using: &generator) }
    }

    private mutating func rows() -> [[Float]] {
        (0..<CachedSequenceTests.sections).map { _ in
            random(8) + [Float(Int.random(in: 0..<levels, using: &generator)) / Float(levels)]
        }
    }

    /// A sequence whose prompt is stored.
    mutating func begin(
        _ c: CachedSequenceTests.Case,
        _ configuration: DogeConfiguration,
        _ pool: PagePool
    ) throws -> Sequence {
        let cache = try #require(pool.sequence(configuration, tokens: 4_000))
        let sequence = Sequence(cache: cache, past: (0..<c.prompt).map { _ in rows() })
        #expect(cache.makeRoom(for: c.prompt))
        for section in 0..<CachedSequenceTests.sections {
            withRows(sequence.past.map { $0[section] }) {
                cache.store($0, count: c.prompt, section: section)
            }
        }
        cache.advance(by: c.prompt)
        return sequence
    }

    func drop(_ sequence: inout Sequence) { sequence.cache = nil }

    /// Appends random rows of the next position.
    mutating func append(_ sequence: inout Sequence) throws {
        let cache = try #require(sequence.cache)
        sequence.past.append(rows())
        #expect(cache.makeRoom(for: 1))
        for (section, row) in (sequence.past.last ?? []).enumerated() {
            withRows([row]) { cache.append($0, section: section) }
        }
    }

    /// Appends, attends with every section, and returns the largest difference.
    mutating func step(_ sequence: inout Sequence, _ c: CachedSequenceTests.Case) throws -> Double {
        try append(&sequence)
        let kernels = try #require(ck_kernels_for(CK_GENERIC))
        var worst = 0.0
        for section in 0..<CachedSequenceTests.sections {
            let got = attend(sequence, section, kernels)
            let expected = expected(sequence, section, c)
            let differences = zip(got, expected).map { $0.isFinite ? abs(Double($0) - $1) : 1 }
            worst = max(worst, differences.max() ?? 1)
        }
        sequence.cache?.advance(by: 1)
        return worst
    }

    private func query(_ position: Int) -> [Float] {
        (0..<8).map { sinf(Float(position * 8 + $0)) }
    }

    func attend(
        _ sequence: Sequence,
        _ section: Int,
        _ kernels: UnsafePointer<ck_kernels>
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: 8)
        guard let scratch = AlignedBuffer(capacity: ck_cached_scratch(sequence.past.count)) else {
            return out
        }
        sequence.cache?.attend(
            section: section,
            group: CachedSequenceTests.group,
            queries: query(sequence.past.count),
            outputs: &out,
            kernels: kernels,
            scratch: scratch.floats
        )
        return out
    }

    private func expected(
        _ sequence: Sequence,
        _ section: Int,
        _ c: CachedSequenceTests.Case
    ) -> [Double] {
        let rows = sequence.past.map { $0[section] }
        let reach = max(0, rows.count - (c.sliding ?? rows.count))..<rows.count
        let kept = reach.sorted { (rows[$0][8], $0) > (rows[$1][8], $1) }.prefix(c.window)
        let queries = query(rows.count)
        var out: [Double] = []
        for head in 0..<2 {
            let weights: [Double] = kept.map { key in
                var score = Double(rows[key][8])
                for d in 0..<4 { score += Double(queries[4 * head + d]) * Double(rows[key][d]) }
                return exp(score)
            }
            let sum = weights.reduce(0, +)
            for d in 4..<8 {
                var total = 0.0
                for (key, weight) in zip(kept, weights) { total += weight * Double(rows[key][d]) }
                out.append(total / sum)
            }
        }
        return out
    }

    private func withRows(_ rows: [[Float]], _ body: (CachedSequence.Rows) -> Void) {
        let width = CachedSequenceTests.width
        let floats = Held(rows.flatMap(\.self))
        let words = Held(floats.numbers.map(\.bitPattern))
        withExtendedLifetime((floats, words)) {
            body(
                .init(
                    keys: words.base,
                    values: words.base + 4,
                    stride: width,
                    dt: floats.base + 8,
                    dtStride: width
                )
            )
        }
    }
}
