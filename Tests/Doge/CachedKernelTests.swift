import CDogeKernels
import Glibc
import TestSupport
import Testing

/// One position's attention and the logarithm of a sum, against sums in double precision.
@Suite("Kernels of cached decoding") struct CachedKernelTests {
    static let tables = instructionSets

    /// Pages with keys, values and dt of random numbers, as a cache of several sections has them.
    struct Pages {
        let format: ck_format
        let dimension: Int
        let section: Int
        var pages: [[UInt32]]
        /// Words of a key and its value, and of a section.
        private var words: Int { ck_words(format, 2 * dimension) }
        private var sectionWords: Int { Self.slots * (words + 1) }
        var offset: Int { section * sectionWords }

        private static let slots = Int(CK_PAGE_SLOTS)

        init(
            _ format: ck_format = CK_F32,
            slots: Int,
            dimension: Int,
            section: Int,
            _ generator: inout SplitMix
        ) {
            self.format = format
            self.dimension = dimension
            self.section = section
            func random() -> UInt32 {
                let x = Float.random(in: -1...1, using: &generator)
                return (format == CK_F32 ? x : ProductTests.narrowed(x)).bitPattern
            }
            let whole = (section + 1) * Self.slots * (ck_words(format, 2 * dimension) + 1)
            pages = (0...(slots - 1) / Self.slots).map { _ in
                (0..<whole).map { _ in
                    format == CK_F32 ? random() : random() >> 16 | random()
                }
            }
            for slot in 0..<pages.count * Self.slots {
                self[dt: slot] = .random(in: -1...1, using: &generator)
            }
        }

        private func numbers(_ slot: Int, from first: Int) -> [Float] {
            let page = pages[slot / Self.slots]
            let start = offset + slot % Self.slots * words
            return (first..<first + dimension).map { i in
                guard format == CK_BF16 else { return Float(bitPattern: page[start + i]) }
                let word = page[start + i / 2]
                return Float(bitPattern: i % 2 == 0 ? word << 16 : word & 0xFFFF_0000)
            }
        }

        func key(_ slot: Int) -> [Float] { numbers(slot, from: 0) }
        func value(_ slot: Int) -> [Float] { numbers(slot, from: dimension) }

        private func dtPlace(_ slot: Int) -> Int {
            offset + Self.slots * words + slot % Self.slots
        }

        subscript(dt slot: Int) -> Float {
            get { Float(bitPattern: pages[slot / Self.slots][dtPlace(slot)]) }
            set { pages[slot / Self.slots][dtPlace(slot)] = newValue.bitPattern }
        }

        /// Attention in double precision, head after head.
        func weigh(_ slots: [Int], _ queries: [Float]) -> [Double] {
            stride(from: 0, to: queries.count, by: dimension).flatMap { head in
                let query = queries[head..<head + dimension]
                let weights = slots.map { slot in
                    exp(
                        zip(query, key(slot)).reduce(Double(self[dt: slot])) {
                            $0 + Double($1.0) * Double($1.1)
                        }
                    )
                }
                let sum = weights.reduce(0, +)
                var out = [Double](repeating: 0, count: dimension)
                for (slot, weight) in zip(slots, weights) {
                    for (d, v) in value(slot).enumerated() { out[d] += weight * Double(v) / sum }
                }
                return out
            }
        }

        /// The kernel's answer, from scratch full of no numbers.
        ///
        /// `slots` nil: the first `count`.
        func attend(_ isa: ck_isa, slots: [Int32]?, count: Int, _ queries: [Float]) -> [Float] {
            guard let kernels = ck_kernels_for(isa) else { return [] }
            let memory = pages.map { page in
                let copy = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: page.count)
                _ = copy.initialize(from: page)
                return copy
            }
            defer { for copy in memory { copy.deallocate() } }
            let bases = memory.compactMap { $0.baseAddress.map { UnsafePointer($0) } }
            var out = [Float](repeating: .nan, count: queries.count)
            let room = ck_cached_scratch(count)
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: 4 * room + 256, alignment: 64)
            defer { scratch.deallocate() }
            let floats = scratch.bindMemory(to: Float.self, capacity: room + 64)
            floats.initialize(repeating: .nan, count: room)
            (floats + room).initialize(repeating: 7, count: 64)
            bases.withUnsafeBufferPointer { bases in
                (slots ?? []).withUnsafeBufferPointer { chosen in
                    queries.withUnsafeBufferPointer { queries in
                        out.withUnsafeMutableBufferPointer { out in
                            guard let pages = bases.baseAddress, let query = queries.baseAddress,
                                let outputs = out.baseAddress
                            else { return }
                            var call = ck_cached(
                                format: format,
                                pages: pages,
                                offset: offset,
                                slots: slots == nil ? nil : chosen.baseAddress,
                                queries: query,
                                outputs: outputs,
                                key_count: count,
                                group: queries.count / dimension,
                                head_dim: dimension
                            )
                            ck_attend_cached(kernels, &call, floats)
                        }
                    }
                }
            }
            #expect((0..<64).allSatisfy { floats[room + $0] == 7 }, "wrote behind its scratch")
            return out
        }
    }

    private static func difference(_ expected: [Double], _ got: [Float]) -> Double {
        expected.count == got.count
            ? zip(expected, got).map { $1.isFinite ? abs($0 - Double($1)) : .infinity }.max() ?? 0
            : .infinity
    }

    @Test(
        "a position weighs its cached keys, in order or by slot",
        arguments: tables,
        [CK_F32, CK_BF16]
    )
    func attention(isa: ck_isa, format: ck_format) {
        var generator = SplitMix(state: 5)
        var worst = 0.0
        for dimension in [2, 4, 6, 8, 14, 16, 18, 30, 32, 34, 48, 62, 64, 66, 96, 126, 128, 130] {
            for count in [1, 2, 3, 5, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200] {
                let group = Int.random(in: 1...10, using: &generator)
                let section = Int.random(in: 0...2, using: &generator)
                let pages = Pages(
                    format,
                    slots: count + 30,
                    dimension: dimension,
                    section: section,
                    &generator
                )
                let queries = (0..<group * dimension).map { _ in
                    Float.random(in: -1...1, using: &generator)
                }
                let slots = (0..<count + 30).shuffled(using: &generator).prefix(count)
                let all = pages.attend(isa, slots: nil, count: count, queries)
                let some = pages.attend(isa, slots: slots.map(Int32.init), count: count, queries)
                let differences = [
                    Self.difference(pages.weigh(Array(0..<count), queries), all),
                    Self.difference(pages.weigh(Array(slots), queries), some),
                ]
                worst = max(worst, differences.max() ?? 0)
                #expect(differences.allSatisfy { $0 < 3e-6 }, "\(count) keys of \(dimension)")
                // The same slots in order are the same keys, to the last bit.
                let named = pages.attend(
                    isa,
                    slots: (0..<Int32(count)).map(\.self),
                    count: count,
                    queries
                )
                #expect(named == all, "\(count) keys of \(dimension)")
            }
        }
        print("cached attention \(isa.rawValue): \(worst)")
    }

    @Test("a head's answer does not depend on the heads beside it", arguments: tables)
    func heads(isa: ck_isa) {
        var generator = SplitMix(state: 6)
        let pages = Pages(slots: 70, dimension: 34, section: 1, &generator)
        let queries = (0..<5 * 34).map { _ in Float.random(in: -1...1, using: &generator) }
        let together = pages.attend(isa, slots: nil, count: 70, queries)
        for head in 0..<5 {
            let part = head * 34..<(head + 1) * 34
            let alone = pages.attend(isa, slots: nil, count: 70, Array(queries[part]))
            #expect(alone == Array(together[part]))
        }
    }

    @Test(
        "far apart scores underflow, what is no number spreads from its own keys alone",
        arguments: tables
    )
    func extremes(isa: ck_isa) {
        var generator = SplitMix(state: 7)
        var pages = Pages(slots: 70, dimension: 18, section: 0, &generator)
        let queries = (0..<36).map { _ in Float.random(in: -1...1, using: &generator) }
        // dt is e to some power: it may be large, and one key then takes all.
        pages[dt: 66] = 1e30
        let got = pages.attend(isa, slots: nil, count: 70, queries)
        #expect(Array(got.prefix(18)) == Array(pages.value(66)))
        #expect(Array(got.suffix(18)) == Array(pages.value(66)))
        for none in [Float.nan, .infinity] {
            pages[dt: 66] = none
            #expect(pages.attend(isa, slots: nil, count: 70, queries).filter(\.isNaN).count == 36)
            // Slots behind the last and slots that nobody names are not looked at.
            let before = pages.attend(isa, slots: nil, count: 66, queries)
            let others = (0..<Int32(70)).filter { $0 != 66 }
            let beside = pages.attend(isa, slots: others, count: 69, queries)
            #expect(before.allSatisfy(\.isFinite) && beside.allSatisfy(\.isFinite))
        }
    }

    @Test("the logarithm of a sum is that of double precision", arguments: tables)
    func logSumExp(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        var generator = SplitMix(state: 8)
        var worst = 0.0
        for count in Array(1...70) + [127, 128, 129, 1_000, 32_768, 32_769] {
            for (shift, spread) in [(0, 1), (50, 30), (-1_000, 200), (3e37, 1e30)]
                as [(Float, Float)]
            {
                let x = (0..<count).map { _ in
                    shift + .random(in: -spread...spread, using: &generator)
                }
                let largest = Double(x.max() ?? 0)
                let expected = largest + log(x.reduce(0) { $0 + exp(Double($1) - largest) })
                let got = Double(table.log_sum_exp(x, count))
                let difference = abs(got - expected) / max(1, abs(expected))
                worst = max(worst, difference)
                #expect(difference < 1e-6, "\(count) around \(shift)")
            }
        }
        print("log of a sum \(isa.rawValue): \(worst)")
    }

    @Test("the logarithm of a sum is no number where one of them is none", arguments: tables)
    func notFinite(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        for count in [1, 2, 7, 8, 9, 16, 17, 33, 100] {
            for place in 0..<count {
                var x = [Float](repeating: 1, count: count)
                x[place] = .nan
                #expect(table.log_sum_exp(x, count).isNaN)
                x[place] = .infinity
                #expect(!table.log_sum_exp(x, count).isFinite)
                // Nothing is added by what is impossible.
                x[place] = -.infinity
                let sum = table.log_sum_exp(x, count)
                let expected = 1 + log(Float(count - 1))
                #expect(count == 1 ? !sum.isFinite : abs(sum - expected) < 1e-6)
            }
        }
    }
}

extension Int32 {
    fileprivate var asInt: Int { Int(self) }
}
