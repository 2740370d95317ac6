extension GenerationOptions {
    /// The numbers among the options, as a record's fields spell them.
    package enum Parameter: String, CaseIterable, Sendable {
        case maxNewTokens = "max_new_tokens"
        case temperature
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case n
        case logprobs

        /// What is allowed, as a phrase.
        package var expected: String {
            switch limits {
            case .whole(let range):
                "a whole number from \(range.lowerBound) to \(range.upperBound)"
            case .from(let least, let most): "a number from \(least) to \(most)"
            case .above(let bound, let most): "a number above \(bound), at most \(most)"
            }
        }

        /// Whether the number is allowed; what is not finite never is.
        package func allows(_ number: Double) -> Bool {
            switch limits {
            case .whole(let range):
                number == number.rounded() && Double(range.lowerBound) <= number
                    && number <= Double(range.upperBound)
            case .from(let least, let most): Double(least) <= number && number <= Double(most)
            case .above(let bound, let most): Double(bound) < number && number <= Double(most)
            }
        }

        private enum Limits {
            case whole(ClosedRange<Int>)
            case from(Int, Int)
            case above(Int, Int)
        }

        private var limits: Limits {
            switch self {
            case .maxNewTokens: .whole(1...1 << 20)
            case .temperature: .from(0, 100)
            case .topK: .whole(0...1 << 20)
            case .topP: .above(0, 1)
            case .minP: .from(0, 1)
            case .repetitionPenalty: .above(0, 100)
            case .n: .whole(1...64)
            case .logprobs: .whole(0...20)
            }
        }
    }

    /// What a list of stop texts may be, as a phrase.
    package static let stopExpected =
        "at most \(stopCountMax) texts of 1 to \(stopBytes.upperBound) bytes"
    private static let stopCountMax = 16
    private static let stopBytes = 1...1024

    /// A parameter's value; nil where it is left open.
    ///
    /// Traps on one that is not allowed.
    package subscript(parameter: Parameter) -> Double? {
        get {
            switch parameter {
            case .maxNewTokens: maxNewTokens.map(Double.init)
            case .temperature: temperature
            case .topK: topK.map(Double.init)
            case .topP: topP
            case .minP: minP
            case .repetitionPenalty: repetitionPenalty
            case .n: n.map(Double.init)
            case .logprobs: logprobs.map(Double.init)
            }
        }
        set {
            precondition(newValue.map(parameter.allows) ?? true, "the number is not allowed")
            switch parameter {
            case .maxNewTokens: maxNewTokens = newValue.map { Int($0) }
            case .temperature: temperature = newValue
            case .topK: topK = newValue.map { Int($0) }
            case .topP: topP = newValue
            case .minP: minP = newValue
            case .repetitionPenalty: repetitionPenalty = newValue
            case .n: n = newValue.map { Int($0) }
            case .logprobs: logprobs = newValue.map { Int($0) }
            }
        }
    }

    /// The first option whose value is not allowed; nil where all are.
    package var fault: OptionFault? {
        for parameter in Parameter.allCases {
            guard let value = self[parameter], !parameter.allows(value) else { continue }
            let got = "\(value)"
            return OptionFault(name: parameter.rawValue, expected: parameter.expected, got: got)
        }
        return stop.flatMap(Self.fault)
    }

    /// What is wrong with stop texts; nil where nothing is.
    package static func fault(ofStop texts: [String]) -> OptionFault? {
        let got: String
        if texts.count > stopCountMax {
            got = "\(texts.count) texts"
        } else if let text = texts.first(where: { !stopBytes.contains($0.utf8.count) }) {
            got = "a text of \(text.utf8.count) bytes"
        } else {
            return nil
        }
        return OptionFault(name: "stop", expected: stopExpected, got: got)
    }
}
