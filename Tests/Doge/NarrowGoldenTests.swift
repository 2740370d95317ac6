import CDogeKernels
import Testing

@testable import Doge

@Suite("Answers of the reference in every type and instruction set") struct NarrowGoldenTests {
    /// How far logits lie from float64's.
    struct Distance {
        /// Sums of squares over all logits.
        var error = 0.0
        var size = 0.0
        /// The largest difference where no rounding may pick another expert or key.
        var largest = 0.0

        /// The root mean square of the differences, as a share of the logits'.
        var share: Double { (error / size).squareRoot() }
    }

    /// The largest share for each type, of checkpoints that choose nothing and of those that choose
    /// experts or keys.
    ///
    /// About one and a half times what was measured: 0.9 % in bf16, whose numbers are off by up to
    /// 1/512 of themselves, and 3.3 % in int8, off by up to 1/254 of a row's largest. Random
    /// weights have no clear favourites: where there are choices, other experts and keys are taken
    /// here and there, and the worst was 4.2 % and 6.1 %, by other keys. Trained models lose far
    /// less; see AccuracyTests.
    static let sharesMax: [DataType: (smooth: Double, choosing: Double)] = [
        .f32: (1e-5, 1e-5), .bf16: (0.014, 0.065), .int8: (0.05, 0.09),
    ]

    static func distance(_ name: String, _ type: DataType, _ isa: ck_isa) throws -> Distance {
        let records = try Golden.records(name)
        let kernels = try #require(ck_kernels_for(isa))
        let model = try DogeModel(
            directory: Golden.checkpoint(name),
            dataType: type,
            kernels: kernels
        )
        let answers = try Engine(model: model, threads: 1).logits(of: records.map(\.ids))
        var distance = Distance()
        for (record, answer) in zip(records, answers) {
            #expect(answer.count == record.logits.count)
            for (expected, got) in zip(record.logits, answer) {
                let error = abs(expected - Double(got))
                distance.error += error * error
                distance.size += expected * expected
                if !record.isNarrow { distance.largest = max(distance.largest, error) }
            }
        }
        return distance
    }

    @Test(
        "logits are as near transformers' in float64 as the type allows",
        arguments: Golden.names,
        instructionSets
    )
    func logits(name: String, isa: ck_isa) throws {
        let chooses = name.hasPrefix("moe") || name == "window"
        for type in DataType.allCases {
            let most = try #require(Self.sharesMax[type])
            let distance = try Self.distance(name, type, isa)
            #expect(distance.share <= (chooses ? most.choosing : most.smooth), "\(type)")
            if type == .f32 { #expect(distance.largest <= GoldenTests.tolerance) }
            print("\(name), \(type), table \(isa.rawValue): \(distance.share) of the logits")
        }
    }
}
