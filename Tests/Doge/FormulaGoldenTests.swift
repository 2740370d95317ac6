import CDogeKernels
import FoundationEssentials
import Glibc
import Testing

@testable import Doge

@Suite("Formulas of the reference in float64") struct FormulaGoldenTests {
    /// One configuration's angles in one call.
    struct Angles: Decodable {
        let length: Int
        let frequencies: [Double]
        let attention_factor: Double
    }

    @Test("rotary frequencies and factor are transformers' in float64")
    func rotary() throws {
        let path = Golden.folder.appendingPathComponent("golden/rotary.jsonl")
        let lines = try Data(contentsOf: path).split(separator: UInt8(ascii: "\n"))
        let records = try Golden.lines("rotary", as: Angles.self)
        var worst = 0.0
        for (number, (line, record)) in zip(lines, records).enumerated() {
            let rotary = try TinyModel.configuration(try Self.configuration(of: line)).rotary
            let got = rotary.frequencies(rotary.regime(length: record.length))
            #expect(got.count == record.frequencies.count, "line \(number)")
            for (got, expected) in zip(got, record.frequencies) {
                let difference = expected == 0 ? abs(got) : abs(got - expected) / expected
                worst = max(worst, difference)
                #expect(difference < 1e-12, "line \(number): \(got), not \(expected)")
            }
            let factor = abs(rotary.attentionFactor - record.attention_factor)
            #expect(factor < 1e-12, "line \(number)")
        }
        print("rotary: \(worst) over \(records.count) lines")
    }

    /// The text of the object behind "config": it comes first and the length behind it.
    private static func configuration(of line: Data.SubSequence) throws -> String {
        let text = String(decoding: line, as: UTF8.self)
        let start = try #require(text.firstRange(of: "{\"config\":"))
        let end = try #require(text.firstRange(of: ",\"length\":"))
        return String(text[start.upperBound..<end.lowerBound])
    }

    /// One activation function at many points.
    struct Curve: Decodable {
        struct Parameters: Decodable {
            let weight: [Float]?
            let alpha_p: [Double]?
            let alpha_n: [Double]?
            let beta: Float?
            let eps: Float?
        }

        let name: String
        let parameters: Parameters
        let x: [Float]
        let y: [Double]

        /// The function in full precision: xielu's numbers are not rounded to bf16 here.
        var activation: ck_activation? {
            switch Activation.byName[name] {
            case .fixed(let kind, let slope): return ck_activation(kind, slope: slope)
            case .prelu: return ck_activation(CK_LEAKY, slope: parameters.weight?[0] ?? .nan)
            case .xielu:
                var xielu = ck_activation(CK_XIELU)
                xielu.beta = parameters.beta ?? .nan
                xielu.limit = parameters.eps ?? .nan
                xielu.rising = Float(log1p(exp(parameters.alpha_p?[0] ?? .nan)))
                let falling = log1p(exp(parameters.alpha_n?[0] ?? .nan))
                xielu.falling = Float(Double(xielu.beta) + falling)
                return xielu
            case nil: return nil
            }
        }
    }

    static let tables = instructionSets

    @Test("activations are transformers' in float64", arguments: tables)
    func activations(isa: ck_isa) throws {
        let table = try #require(ck_kernels_for(isa)).pointee
        let curves = try Golden.lines("activations", as: Curve.self)
        #expect(Set(curves.map(\.name)) == Set(Activation.byName.keys))
        var worst = (0.0, "")
        for curve in curves {
            let activation = try #require(curve.activation)
            let count = curve.x.count
            let ones = [Float](repeating: 1, count: count)
            let got = try gated(table, curve.x, ones, activation)
            for (x, (got, expected)) in zip(curve.x, zip(got, curve.y)) {
                let difference = abs(Double(got) - expected) / max(1, abs(expected))
                if !(difference <= worst.0) { worst = (difference, "\(curve.name) of \(x)") }
                #expect(difference < 1e-6, "\(curve.name) of \(x): \(got), not \(expected)")
            }
        }
        print("activations \(isa.rawValue): \(worst)")
    }
}
