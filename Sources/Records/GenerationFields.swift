/// The fields of a record that say how texts are generated, where they stand in its line.
struct GenerationFields {
    private var numbers: [(parameter: GenerationOptions.Parameter, value: Range<Int>)] = []
    private var stop: Range<Int>?

    private static let parameters: [(name: [UInt8], parameter: GenerationOptions.Parameter)] =
        GenerationOptions.Parameter.allCases.map { (Array($0.rawValue.utf8), $0) }
    private static let stopField = Array("stop".utf8)
    /// Digits of a number that a sentence still shows.
    private static let shownDigitsMax = 32

    /// Remembers a field that is one of these; of one that stands twice, the last counts.
    mutating func take(_ name: [UInt8], _ value: Range<Int>) {
        if name == Self.stopField { stop = value }
        guard let known = Self.parameters.first(where: { $0.name == name }) else { return }
        numbers.removeAll { $0.parameter == known.parameter }
        numbers.append((known.parameter, value))
    }

    /// What the fields say; null says nothing.
    func options(
        _ line: UnsafeBufferPointer<UInt8>
    ) throws(OptionFault) -> GenerationOptions {
        var options = GenerationOptions()
        for (parameter, value) in numbers where !Self.isNull(line, value) {
            options[parameter] = try Self.number(line, value, parameter)
        }
        if let stop, !Self.isNull(line, stop) { options.stop = try Self.texts(line, stop) }
        return options
    }

    private static func isNull(_ line: UnsafeBufferPointer<UInt8>, _ value: Range<Int>) -> Bool {
        line[value.lowerBound] == UInt8(ascii: "n")
    }

    /// The number, to the nearest that a Double holds.
    private static func number(
        _ line: UnsafeBufferPointer<UInt8>,
        _ value: Range<Int>,
        _ parameter: GenerationOptions.Parameter
    ) throws(OptionFault) -> Double {
        let kind = JSONText.kind(of: line[value.lowerBound])
        // The scanner's grammar is within that of the initializer.
        let digits = String(decoding: line[value], as: UTF8.self)
        guard kind == "a number", let number = Double(digits) else {
            throw fault(parameter, got: kind)
        }
        guard parameter.allows(number) else {
            let isShown = digits.utf8.count <= shownDigitsMax
            throw fault(parameter, got: isShown ? digits : "\(kind) of \(value.count) characters")
        }
        return number
    }

    private static func fault(
        _ parameter: GenerationOptions.Parameter,
        got: String
    ) -> OptionFault {
        OptionFault(name: parameter.rawValue, expected: parameter.expected, got: got)
    }

    /// One text, or a list of texts.
    private static func texts(
        _ line: UnsafeBufferPointer<UInt8>,
        _ value: Range<Int>
    ) throws(OptionFault) -> [String] {
        var ranges: [Range<Int>] = []
        if line[value.lowerBound] == UInt8(ascii: "[") {
            var scanner = JSONScanner(UnsafeBufferPointer(rebasing: line[value]))
            // The line was scanned before, so this cannot fail.
            try? scanner.elements { element in
                let start = value.lowerBound + element.lowerBound
                ranges.append(start..<start + element.count)
            }
        } else {
            ranges = [value]
        }
        let expected = "a string, or \(GenerationOptions.stopExpected)"
        for range in ranges where line[range.lowerBound] != UInt8(ascii: "\"") {
            let kind = JSONText.kind(of: line[range.lowerBound])
            let got = range == value ? kind : "an array with \(kind)"
            throw OptionFault(name: "stop", expected: expected, got: got)
        }
        let texts = ranges.map { String(decoding: JSONText.unescape(line, $0), as: UTF8.self) }
        if let fault = GenerationOptions.fault(ofStop: texts) { throw fault }
        return texts
    }
}
