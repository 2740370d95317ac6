import Glibc
import Testing

@testable import Doge

@Suite("Rotary types") struct RotaryTests {
    private func read(_ fields: String, dimension: Int = 8) throws -> Rotary {
        try TinyModel.configuration("{\"head_dim\":\(dimension),\(fields)}").rotary
    }

    /// Rotary fields, and what transformers 5.23 makes of them in f32 for heads of 8: the
    /// frequencies of short passes and the factor on cosines and sines.
    static let cases: [(fields: String, frequencies: [Double], factor: Double)] = [
        (#""rope_theta":5000"#, [1, 0.1189207136, 0.01414213628, 0.001681792783], 1),
        (#""rope_theta":1"#, [1, 1, 1, 1], 1),
        (
            #""rope_parameters":{},"rope_theta":7"#, [1, 0.6147881746, 0.3779644967, 0.2323680967],
            1
        ),
        (
            #""rope_parameters":{"rope_theta":7},"rope_theta":9"#,
            [1, 0.6147881746, 0.3779644967, 0.2323680967], 1
        ),
        (#""rope_scaling":null,"partial_rotary_factor":0.5"#, [1, 0.1, 0.01, 0.001], 1),
        (#""rope_scaling":{"type":"linear","factor":2}"#, [0.5, 0.05, 0.005, 0.0005], 1),
        (#""rope_scaling":{"type":"linear","factor":0.5}"#, [2, 0.2, 0.02, 0.002], 1),
        (
            #""rope_scaling":{},"rope_parameters":{"rope_type":"linear","factor":2}"#,
            [0.5, 0.05, 0.005, 0.0005], 1
        ),
        (
            #""rope_scaling":{"type":"linear","factor":2},"#
                + #""rope_parameters":{"rope_type":"linear","factor":3}"#,
            [0.5, 0.05, 0.005, 0.0005], 1
        ),
        (
            #""rope_scaling":{"type":"linear","rope_type":"dynamic","factor":2,"#
                + #""original_max_position_embeddings":8}"#, [1, 0.1, 0.01, 0.001], 1
        ),
        (
            #""rope_scaling":{"type":"linear","factor":2},"partial_rotary_factor":0.99"#,
            [0.5, 0.03598427773, 0.002589736599, 0.0001863796642], 1
        ),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":4,"#
                + #""original_max_position_embeddings":64}"#,
            [1, 0.0625, 0.0025, 0.00025], 1.138629436111989
        ),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":null,"#
                + #""original_max_position_embeddings":64}"#,
            [1, 0.05156249925, 0.0003125, 0.00003125], 1.3465735902799727
        ),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":4,"truncate":false,"#
                + #""original_max_position_embeddings":64}"#,
            [1, 0.02559524961, 0.0025, 0.00025], 1.138629436111989
        ),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":4,"truncate":null,"#
                + #""original_max_position_embeddings":64}"#,
            [1, 0.02559524961, 0.0025, 0.00025], 1.138629436111989
        ),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":4,"mscale":0.7,"mscale_all_dim":1.3,"#
                + #""beta_fast":20,"beta_slow":2,"original_max_position_embeddings":64}"#,
            [1, 0.025, 0.0025, 0.00025], 0.9295234923939468
        ),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":4,"attention_factor":0,"#
                + #""original_max_position_embeddings":64}"#, [1, 0.0625, 0.0025, 0.00025], 0
        ),
        (
            #""rope_scaling":{"rope_type":"longrope","short_factor":[1,2,3,4],"#
                + #""long_factor":[9],"original_max_position_embeddings":64}"#,
            [1, 0.05, 0.003333333414, 0.00025], 1.3540064007726602
        ),
        (
            #""rope_scaling":{"rope_type":"longrope","short_factor":[1.0,2,3,4],"factor":8,"#
                + #""long_factor":[1,2,3,4]},"original_max_position_embeddings":64"#,
            [1, 0.05, 0.003333333414, 0.00025], 1.224744871391589
        ),
        (
            #""rope_scaling":{"rope_type":"llama3","factor":8,"low_freq_factor":1,"#
                + #""high_freq_factor":4,"original_max_position_embeddings":100}"#,
            [1, 0.02975352481, 0.00125, 0.000125], 1
        ),
        (
            #""rope_scaling":{"rope_type":"proportional","factor":2},"partial_rotary_factor":0.5"#,
            [0.5, 0.05, 0, 0], 1
        ),
        (
            #""rope_parameters":{"rope_type":"proportional","partial_rotary_factor":0.0}"#,
            [0, 0, 0, 0], 1
        ),
        (
            #""rope_parameters":{"rope_type":"proportional","partial_rotary_factor":1.1}"#,
            [1, 0.1, 0.01, 0.001], 1
        ),
    ]

    @Test("frequencies and factor are transformers'", arguments: cases.indices)
    func formulas(index: Int) throws {
        let (fields, frequencies, factor) = Self.cases[index]
        let rotary = try read(fields)
        let got = rotary.frequencies(rotary.regime(length: 1))
        #expect(got.count == frequencies.count)
        for (got, expected) in zip(got, frequencies) {
            #expect(abs(got - expected) <= 4e-7 * expected, "\(fields)")
        }
        #expect(abs(rotary.attentionFactor - factor) < 1e-12, "\(fields)")
    }

    @Test("dynamic angles change with sequences longer than the trained positions only")
    func dynamic() throws {
        let rotary = try read(
            #""rope_scaling":{"rope_type":"dynamic","factor":4},"max_position_embeddings":100"#
        )
        #expect(rotary.regime(length: 100) == .base && rotary.regime(length: 101) != .base)
        #expect(rotary.frequencies(rotary.regime(length: 100))[1] == 0.1)
        // base = 10000 (4 * 200 / 100 - 3) ^ (8 / 6); second frequency = base ^ -1/4
        #expect(
            abs(rotary.frequencies(rotary.regime(length: 200))[1] - 0.1 * 0.584803547642573) < 1e-9
        )
    }

    static let longrope =
        #""rope_scaling":{"rope_type":"longrope","short_factor":[1,2,3,4],"long_factor":[5,6,7,8],"#
        + #""original_max_position_embeddings":99}"#

    @Test("longrope has other frequencies in passes longer than the original positions")
    func long() throws {
        let rotary = try read(
            Self.longrope + #","original_max_position_embeddings":64"#
        )
        #expect(rotary.regime(length: 64) == .base && rotary.regime(length: 65) == .long)
        #expect(rotary.frequencies(.base)[1] == 0.05 && rotary.frequencies(.long)[0] == 0.2)
        #expect(abs(rotary.frequencies(.long)[3] - 0.000125) < 1e-12)
    }

    @Test("a table holds the angles of every regime, times the factor, in any order of passes")
    func tables() throws {
        for fields in [
            Self.longrope, #""rope_scaling":{"rope_type":"yarn","factor":4}"#,
            #""rope_scaling":{"rope_type":"dynamic","factor":4},"max_position_embeddings":100"#,
        ] {
            let rotary = try read(fields)
            guard var table = RotaryTable(rotary) else {
                Issue.record("no memory")
                continue
            }
            for positions in [0..<300, 0..<7, 90..<99, 98..<400, 3..<5, 0..<600, 599..<600] {
                var rows = [Float](repeating: .nan, count: positions.count * 8)
                #expect(table.write(positions, into: &rows))
                let frequencies = rotary.frequencies(rotary.regime(length: positions.upperBound))
                let expected = positions.flatMap { position in
                    let angles = frequencies.map { $0 * Double(position) }
                    return angles.map { Float(cos($0) * rotary.attentionFactor) }
                        + angles.map { Float(sin($0) * rotary.attentionFactor) }
                }
                #expect(rows == expected, "\(positions) of \(fields)")
            }
        }
    }

    /// A field that is wrong, and a word of the sentence that must come.
    static let wrong: [(String, String)] = [
        (#""rope_theta":null"#, "rope_theta"), (#""rope_theta":"x""#, "rope_theta"),
        (#""rope_parameters":{"rope_theta":0}"#, "rope_parameters.rope_theta"),
        (#""rope_parameters":{"rope_theta":null},"rope_theta":5"#, "rope_parameters.rope_theta"),
        (#""rope_parameters":{"rope_type":null,"type":"linear","factor":2}"#, "rope_type"),
        (#""rope_parameters":{"rope_type":"axial"}"#, "axial"),
        (#""rope_parameters":{"full_attention":{"rope_type":"default"}}"#, "full_attention"),
        (#""rope_scaling":{"rope_type":"dynamic"}"#, "factor"),
        (#""rope_scaling":{"rope_type":"dynamic","factor":2},"head_dim":2"#, "head_dim"),
        (#""rope_scaling":{"rope_type":"linear","factor":0}"#, "factor"),
        (#""rope_scaling":{"rope_type":"linear","factor":null}"#, "factor"),
        (#""rope_scaling":{"type":"linear","factor":2,"partial_rotary_factor":0.5}"#, "partial"),
        (#""rope_scaling":{"type":"linear","factor":2},"partial_rotary_factor":2"#, "partial"),
        (#""rope_scaling":{"type":"yarn","factor":2},"partial_rotary_factor":0.99"#, "partial"),
        (#""rope_scaling":{"rope_type":"yarn"}"#, "factor"),
        (#""rope_scaling":{"rope_type":"yarn","factor":2},"rope_theta":1"#, "rope_theta"),
        (#""rope_scaling":{"rope_type":"yarn","factor":2,"beta_fast":-1}"#, "beta_fast"),
        (#""rope_scaling":{"rope_type":"yarn","factor":2,"truncate":1}"#, "truncate"),
        (
            #""rope_scaling":{"rope_type":"yarn","factor":2},"#
                + #""original_max_position_embeddings":null"#, "original_max_position_embeddings"
        ),
        (#""rope_scaling":{"rope_type":"longrope","long_factor":[1]}"#, "short_factor"),
        (
            #""rope_scaling":{"rope_type":"longrope","long_factor":[1],"short_factor":[1,2]}"#,
            "short_factor"
        ),
        (
            #""rope_scaling":{"rope_type":"longrope","long_factor":[1,0,1,1],"short_factor":[1]}"#,
            "long_factor"
        ),
        (
            #""rope_scaling":{"rope_type":"longrope","long_factor":[1],"short_factor":[1],"#
                + #""original_max_position_embeddings":1}"#, "original_max_position_embeddings"
        ),
        (
            #""rope_scaling":{"rope_type":"llama3","factor":8,"high_freq_factor":4}"#,
            "low_freq_factor"
        ),
        (
            #""rope_scaling":{"rope_type":"proportional","partial_rotary_factor":1.3}"#,
            "partial_rotary_factor"
        ),
        (#""rope_scaling":{"rope_type":"proportional","factor":null}"#, "factor"),
        (#""rope_scaling":{"type":"linear","factor":2,"odd":1}"#, "rope_scaling.odd"),
    ]

    @Test("what transformers cannot compute is refused by name", arguments: wrong)
    func refusals(fields: String, word: String) throws {
        let whole = fields.contains("head_dim") ? "{\(fields)}" : "{\"head_dim\":8,\(fields)}"
        let error = #expect(throws: ModelError.self) { try TinyModel.configuration(whole) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }
}
