import Testing

@testable import Doge

@Suite("Answers of the reference") struct GoldenTests {
    /// Sums of f32 products against float64; the worst checkpoint here stays an order below.
    static let tolerance = 1e-4

    /// Records so near a choice of keys that rounding may take another; all others are compared.
    static let narrowCounts = ["window": 2]

    @Test("logits are those of transformers in float64", arguments: Golden.names)
    func logits(name: String) throws {
        let records = try Golden.records(name)
        let classifier = try Engine(
            model: DogeModel(directory: Golden.checkpoint(name)),
            threads: 1
        )
        let answers = try classifier.logits(of: records.map(\.ids))
        var largest = 0.0
        var narrow: [String] = []
        for (index, (record, answer)) in zip(records, answers).enumerated() {
            #expect(answer.count == record.logits.count)
            let difference = zip(record.logits, answer).map { abs($0 - Double($1)) }.max() ?? 0
            if record.isNarrow {
                narrow.append("\(index): \(difference)")
                continue
            }
            largest = max(largest, difference)
            #expect(difference <= Self.tolerance, "record \(index) of \(record.ids.count) tokens")
        }
        #expect(narrow.count == Self.narrowCounts[name] ?? 0, "the others are compared")
        print("\(name): \(largest) over \(records.count - narrow.count), narrow \(narrow)")
    }
}
