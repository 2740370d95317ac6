import Glibc
import TestSupport
import Testing

@testable import Doge

@Suite("Choosing tokens") struct SamplerTests {
    /// One row of logits, what is asked for, and what transformers leaves of it.
    struct Line: Decodable {
        let logits: [Float]
        let seen: [Int32]
        let repetition_penalty: Float?
        let temperature: Float?
        let top_k: Int?
        let top_p: Float?
        let min_p: Float?
        let probabilities: [[Double]]

        var parameters: SamplingParameters {
            var parameters = SamplingParameters()
            parameters.temperature = temperature ?? 1
            parameters.topK = top_k ?? 0
            parameters.topP = top_p ?? 1
            parameters.minP = min_p ?? 0
            parameters.repetitionPenalty = repetition_penalty ?? 1
            return parameters
        }
    }

    /// Tokens and their probabilities, best first; all in the order of ids where no filter is set.
    private struct Shares {
        var tokens: [Int32] = []
        var probabilities: [Double] = []

        init(_ left: Distribution) {
            tokens = left.tokens
            probabilities = left.weights.map { $0 / left.mass }
        }
    }

    private static var sampler: Sampler {
        guard let kernels = try? InstructionSet.kernels() else { preconditionFailure("no kernels") }
        return Sampler(kernels: kernels)
    }

    private func filtered(
        _ logits: [Float],
        _ parameters: SamplingParameters,
        seen: Set<Int32> = []
    ) -> Distribution {
        var logits = logits
        var sampler = Self.sampler
        return logits.withUnsafeMutableBufferPointer {
            sampler.penalize($0, seen: seen, penalty: parameters.repetitionPenalty)
            sampler.filter(UnsafeBufferPointer($0), parameters)
            return sampler.left
        }
    }

    private func distribution(
        _ logits: [Float],
        _ parameters: SamplingParameters,
        seen: Set<Int32> = []
    ) -> Shares { Shares(filtered(logits, parameters, seen: seen)) }

    private func draw(
        _ logits: [Float],
        _ parameters: SamplingParameters,
        at uniform: Double
    ) -> Int32 {
        var sampler = Self.sampler
        return logits.withUnsafeBufferPointer { sampler.draw($0, parameters, at: uniform) }
    }

    private func parameters(
        topK: Int = 0,
        topP: Float = 1,
        minP: Float = 0,
        temperature: Float = 1
    ) -> SamplingParameters {
        var parameters = SamplingParameters()
        parameters.temperature = temperature
        (parameters.topK, parameters.topP, parameters.minP) = (topK, topP, minP)
        return parameters
    }

    @Test("what penalty, temperature and filters leave is what transformers leaves")
    func golden() throws {
        let lines = try Golden.lines("sampling", as: Line.self)
        var worst = 0.0
        for (number, line) in lines.enumerated() {
            let left = distribution(line.logits, line.parameters, seen: Set(line.seen))
            let got = zip(left.tokens, left.probabilities).sorted { $0.0 < $1.0 }
            #expect(got.map { Double($0.0) } == line.probabilities.map { $0[0] }, "line \(number)")
            for (got, expected) in zip(got, line.probabilities) {
                let difference = abs(got.1 - expected[1])
                worst = max(worst, difference)
                #expect(difference < 1e-6, "line \(number), token \(got.0)")
            }
        }
        print("sampling: \(worst) over \(lines.count) lines")
    }

    /// transformers' processors, all tokens sorted, one filter after the other.
    private func plain(_ logits: [Float], _ p: SamplingParameters) -> [Int32: Double] {
        var left = logits.enumerated().map {
            (Int32($0.offset), Double($0.element / p.temperature))
        }
        left.sort { ($0.1, $1.0) > ($1.1, $0.0) }
        if p.topK > 0, p.topK < left.count {
            let last = left[p.topK - 1].1
            left.removeAll { $0.1 < last }
        }
        func shares() -> [Double] {
            let weights = left.map { exp($0.1 - left[0].1) }
            let sum = weights.reduce(0, +)
            return weights.map { $0 / sum }
        }
        if p.topP < 1 {
            var above = 0.0
            var kept = 0
            for share in shares() where kept == 0 || above < Double(p.topP) {
                above += share
                kept += 1
            }
            left.removeLast(left.count - kept)
        }
        let probabilities = shares()
        let least = Double(p.minP) * probabilities[0]
        left = zip(left, probabilities).filter { $0.1 >= least }.map(\.0)
        return Dictionary(uniqueKeysWithValues: zip(left.map(\.0), shares()))
    }

    @Test("long vocabularies are cut as short ones, however many tokens stay")
    func long() {
        var generator = SplitMix(state: 4)
        for round in 0..<60 {
            let count = [10, 63, 64, 65, 600, 5_000][round % 6]
            let logits = (0..<count).map { _ in Float.random(in: -4...4, using: &generator) }
            let wish = parameters(
                topK: [0, 0, 3, 100][round % 4],
                topP: [1, 0.3, 0.9, 0.999_9][(round / 2) % 4],
                minP: [0, 0.01, 0.3][round % 3],
                temperature: [0.2, 1, 5][(round / 3) % 3]
            )
            let left = distribution(logits, wish)
            let expected = plain(logits, wish)
            let got = Dictionary(uniqueKeysWithValues: zip(left.tokens, left.probabilities))
            // Rounding may keep or drop a token at the very cut.
            let odd = Set(got.keys).symmetricDifference(expected.keys).count
            #expect(odd <= 1, "round \(round): \(got.count), not \(expected.count) of \(count)")
            let worst = got.map { abs($0.value - (expected[$0.key] ?? $0.value)) }.max() ?? 0
            #expect(worst < 1e-6 || odd > 0, "round \(round)")
            #expect(abs(left.probabilities.reduce(0, +) - 1) < 1e-12)
        }
    }

    @Test("the best token comes first, of equals the one with the lowest id")
    func best() {
        var generator = SplitMix(state: 2)
        var sampler = Self.sampler
        for count in [1, 2, 3, 7, 64, 1_000] {
            let logits = (0..<count).map { _ in Float(Int.random(in: 0...9, using: &generator)) }
            let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
            logits.withUnsafeBufferPointer { logits in
                #expect(sampler.best(logits) == Int32(order[0]))
                for wanted in [0, 1, 2, 5, count, count + 3] {
                    let got = sampler.best(wanted, of: logits).map { Int($0.token) }
                    #expect(got == Array(order.prefix(wanted)), "\(wanted) of \(count)")
                }
            }
        }
    }

    @Test("top_k keeps all that equal its last token")
    func ties() {
        let logits: [Float] = [1, 3, 2, 2, 3, 2, 0]
        for (topK, kept) in [(1, [1, 4]), (2, [1, 4]), (3, [1, 4, 2, 3, 5]), (7, Array(0..<7))] {
            let left = distribution(logits, parameters(topK: topK))
            #expect(Set(left.tokens) == Set(kept.map(Int32.init)), "top \(topK)")
        }
        let all = distribution([5, 5, 5], parameters(topK: 1))
        #expect(all.tokens.sorted() == [0, 1, 2])
        // top_p counts tokens, not values: two of four equals hold half of the mass.
        #expect(distribution([2, 2, 2, 2], parameters(topP: 0.5)).tokens == [0, 1])
        #expect(distribution([2, 2, 2, 2], parameters(topP: 0)).tokens == [0])
        #expect(distribution([2, 2, 1, 2], parameters(minP: 1)).tokens == [0, 1, 3])
    }

    @Test("a vocabulary of one token, and logits far apart")
    func edges() {
        #expect(distribution([-3], parameters()).probabilities == [1])
        #expect(distribution([-3], parameters(topK: 5, topP: 0.1, minP: 1)).tokens == [0])
        for wish in [parameters(), parameters(topP: 0.9), parameters(topK: 2)] {
            var cold = wish
            cold.temperature = .leastNormalMagnitude
            for uniform in [0, 0.999] {
                #expect(draw([1, 2, -3e38, 3e38], cold, at: uniform) == 3)
            }
        }
        for wish in [parameters(), parameters(topP: 0.9), parameters(topK: 3)] {
            for uniform in [0, 0.5, 1 - 0x1p-53] {
                #expect(draw([-.infinity, 1, -.infinity], wish, at: uniform) == 1)
            }
        }
    }

    @Test("a penalty counts once, divides what is positive and multiplies the rest")
    func penalty() {
        var logits: [Float] = [2, -2, 0, 3]
        logits.withUnsafeMutableBufferPointer {
            var sampler = Self.sampler
            sampler.penalize($0, seen: [0, 1, 2], penalty: 4)
            #expect(sampler.unpenalizedLogit(of: 1) == -2)
            #expect(sampler.unpenalizedLogit(of: 3) == nil)
        }
        #expect(logits == [0.5, -8, 0, 3])
    }

    @Test("a draw falls on the token whose share of the line holds it")
    func draws() {
        var three = Distribution()
        for (token, weight) in [(7, 0.25), (5, 0.5), (9, 0.25), (4, 0)] as [(Int32, Double)] {
            three.append(token, weight)
        }
        let places: [(Double, Int32)] = [
            (0, 7), (0.249_99, 7), (0.25, 5), (0.749, 5), (0.75, 9), (1 - 0x1p-53, 9), (1, 9),
        ]
        for (uniform, token) in places { #expect(three.token(at: uniform) == token) }
        // Ten tenths are less than 1.
        var tenths = Distribution()
        for token in 0..<10 as Range<Int32> { tenths.append(token, 0.1) }
        #expect(tenths.token(at: 1 - 0x1p-53) == 9)
    }

    @Test("without filters a draw falls where the heaped-up shares of all tokens have it")
    func open() {
        var generator = SplitMix(state: 6)
        for count in [1, 2, 511, 512, 513, 3_000] {
            let logits = (0..<count).map { _ in Float.random(in: -4...4, using: &generator) }
            let weights = logits.map { exp(Double($0) / 1.5) }
            let mass = weights.reduce(0, +)
            for _ in 0..<100 {
                let uniform = Double.random(in: 0..<1, using: &generator)
                let token = Int(draw(logits, parameters(temperature: 1.5), at: uniform))
                let below = weights[..<token].reduce(0, +) / mass
                #expect(below < uniform + 1e-6)
                #expect(uniform < below + weights[token] / mass + 1e-6)
            }
            #expect(draw(logits, parameters(), at: 1) == count - 1)
        }
    }

    /// Logits of a vocabulary, of many kinds: near and far, with equals, ladders and infinities.
    private static func vocabularies() -> [[Float]] {
        var generator = SplitMix(state: 11)
        func random(_ count: Int, _ width: Float) -> [Float] {
            (0..<count).map { _ in Float.random(in: -width...width, using: &generator) }
        }
        let sizes = [1, 2, 64, 65, 300, 3_000, 20_000]
        let near = sizes.map { random($0, 0.01).map { 5 + $0 } }
        let wide = [1, 4, 30, 400].map { random(6_000, $0) }
        let bell = zip(random(9_000, 2), random(9_000, 2)).map { $0 + $1 }
        let steps = random(9_000, 4).map { ($0 * 2).rounded() / 2 }
        let crowd = random(5_000, 1e-6) + [3, 4, -9]
        let ladder = (0..<4_000).map { 1 - Float($0 % 1_000) / 40 }
        let infinite = random(2_000, 1).enumerated().map {
            $0.offset % 3 == 0 ? -.infinity : $0.element
        }
        let equal = [Float](repeating: 2, count: 5_000)
        return near + wide + [bell, steps, crowd, ladder, infinite, equal, equal + [2.5, 1.5]]
    }

    @Test("a draw is that of all tokens in their order, to the last bit, however many stay")
    func selected() {
        var generator = SplitMix(state: 12)
        for (number, logits) in Self.vocabularies().enumerated() {
            for (topP, minP) in [
                (0.9, 0), (0.5, 0), (0.999_99, 0), (0.05, 0), (1, 0.05), (1, 1e-7), (0.9, 0.3),
                (1, 1),
            ] as [(Float, Float)] {
                for temperature in [1, 0.1, 40] as [Float] {
                    let wish = parameters(topP: topP, minP: minP, temperature: temperature)
                    let left = filtered(logits, wish)
                    let some = (0..<8).map { _ in Double.random(in: 0..<1, using: &generator) }
                    for uniform in [0, 1e-9, 1 - 0x1p-53, 1] + some {
                        #expect(
                            draw(logits, wish, at: uniform) == left.token(at: uniform),
                            "vocabulary \(number), \(wish), at \(uniform)"
                        )
                    }
                }
            }
        }
    }

    @Test("flat vocabularies are drawn from without being put in order")
    func unsorted() {
        for logits in Self.vocabularies().prefix(7) + Self.vocabularies().suffix(2) {
            var selection = TokenSelection()
            for wish in [parameters(topP: 0.9), parameters(minP: 0.05)] {
                let largest = logits.max() ?? 0
                let weights = logits.map { exp($0 - largest) }
                let mass = weights.reduce(0) { $0 + Double($1) }
                let token = logits.withUnsafeBufferPointer {
                    selection.draw($0, weights, wish, mass: mass, at: 0.7)
                }
                #expect(token != nil && token == filtered(logits, wish).token(at: 0.7))
            }
        }
    }

    @Test("draws come as often as they are likely")
    func frequencies() {
        let logits: [Float] = [0, 1, 2, -1, 0.5]
        let left = filtered(logits, parameters(topK: 4))
        var counts: [Int32: Int] = [:]
        let draws = 40_000
        for sample in 0..<draws {
            var stream = RandomStream(seed: 1, record: 2, sample: UInt64(sample))
            counts[left.token(at: stream.next()), default: 0] += 1
        }
        #expect(counts[3] == nil)
        for (token, weight) in zip(left.tokens, left.weights) {
            let probability = weight / left.mass
            let share = Double(counts[token] ?? 0) / Double(draws)
            #expect(abs(share - probability) < 0.012, "token \(token): \(share)")
        }
    }
}

@Suite("Random streams of answers") struct RandomStreamTests {
    private func numbers(
        _ seed: UInt64,
        _ record: UInt64,
        _ sample: UInt64,
        _ count: Int
    ) -> [Double] {
        var stream = RandomStream(seed: seed, record: record, sample: sample)
        return (0..<count).map { _ in stream.next() }
    }

    @Test("the same three give the same numbers, others give others")
    func keys() {
        #expect(numbers(1, 2, 3, 100) == numbers(1, 2, 3, 100))
        // Small numbers in every order, and the ends of the range: no two are alike.
        let values: [UInt64] = Array(0..<12) + [1 << 32, 1 << 63, .max - 1, .max]
        var seen: Set<Double> = []
        for seed in values {
            for record in values {
                for sample in values { seen.insert(numbers(seed, record, sample, 1)[0]) }
            }
        }
        #expect(seen.count == values.count * values.count * values.count)
    }

    @Test("exchanging or adding the same bits to two of the three is no way to the same stream")
    func symmetry() {
        var generator = SplitMix(state: 1)
        for _ in 0..<1_000 {
            let (a, b, c) = (generator.next(), generator.next(), generator.next())
            let mask = generator.next()
            let first = numbers(a, b, c, 1)
            for other in [
                (b, a, c), (a, c, b), (c, b, a), (a ^ mask, b ^ mask, c), (a, b ^ mask, c ^ mask),
                (a ^ mask, b, c ^ mask), (a &+ mask, b &- mask, c), (a, b &+ mask, c &- mask),
            ] { #expect(numbers(other.0, other.1, other.2, 1) != first) }
        }
    }

    @Test("streams of neighbours share no number, at no distance")
    func overlap() {
        var seen: Set<Double> = []
        for record in 0..<40 as Range<UInt64> {
            for sample in 0..<5 as Range<UInt64> { seen.formUnion(numbers(0, record, sample, 500)) }
        }
        // Of 100 000 numbers of 53 bits two are alike once in a million such tests.
        #expect(seen.count == 100_000)
    }

    /// Sum over cells of (seen - expected)^2 / expected, of 256 cells: 255 on average, above 350
    /// in one of 30 000 cases.
    private func chiSquare(_ numbers: [Double]) -> Double {
        var cells = [Double](repeating: 0, count: 256)
        for number in numbers { cells[Int(number * 256)] += 1 }
        let expected = Double(numbers.count) / 256
        return cells.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    }

    @Test("numbers are uniform along a stream and across records, samples and seeds")
    func uniform() {
        let count = 25_600
        let all = 0..<UInt64(count)
        let ways = [
            numbers(7, 8, 9, count), all.map { numbers($0, 0, 0, 1)[0] },
            all.map { numbers(0, $0, 0, 1)[0] }, all.map { numbers(0, 0, $0, 1)[0] },
        ]
        for (way, numbers) in ways.enumerated() {
            #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
            #expect(chiSquare(numbers) < 350, "way \(way)")
            // Neighbours go together no more than chance has it: 256 cells of pairs.
            let pairs = zip(numbers, numbers.dropFirst()).map {
                ((($0 * 16).rounded(.down) + ($1 * 16).rounded(.down) / 16) / 16)
            }
            #expect(chiSquare(pairs) < 350, "pairs of way \(way)")
        }
    }
}
