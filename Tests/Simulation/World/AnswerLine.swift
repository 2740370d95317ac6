/// One answer of a simulated engine: it names its record, and which computation it belongs to.
struct AnswerLine: Equatable {
    /// The line in the job, as the assignment counts.
    var index: Int
    /// The line's number as it stood in the input's text.
    var echo: Int
    /// The lease that it was computed under.
    var lease: Int
    /// Different for each computation, also of one lease.
    var nonce: Int
    /// Which answer of its result it is, from 0.
    var place: Int
    /// Answers of that result.
    var count: Int
    /// Whether it tells of an error.
    var isError = false

    static func append(_ number: Int, to bytes: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &bytes) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    func append(to bytes: inout [UInt8], padding: Int) {
        for number in [index, echo, lease, nonce, place, count] {
            Self.append(number, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        if isError { bytes.append(UInt8(ascii: "e")) }
        for _ in 0..<padding { bytes.append(UInt8(ascii: "x")) }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Reads all lines; nil where one is no answer of ours.
    static func parse(_ bytes: [UInt8]) -> [AnswerLine]? {
        var lines: [AnswerLine] = []
        var position = 0
        while position < bytes.count {
            guard let index = number(bytes, &position), let echo = number(bytes, &position),
                let lease = number(bytes, &position), let nonce = number(bytes, &position),
                let place = number(bytes, &position), let count = number(bytes, &position)
            else { return nil }
            let isError = position < bytes.count && bytes[position] == UInt8(ascii: "e")
            if isError { position += 1 }
            while position < bytes.count, bytes[position] == UInt8(ascii: "x") { position += 1 }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\n") else { return nil }
            position += 1
            lines.append(
                AnswerLine(
                    index: index,
                    echo: echo,
                    lease: lease,
                    nonce: nonce,
                    place: place,
                    count: count,
                    isError: isError
                )
            )
        }
        return lines
    }

    /// Digits and the comma behind them.
    private static func number(_ bytes: [UInt8], _ position: inout Int) -> Int? {
        var number = 0
        let start = position
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"),
            digit < 10
        {
            number = number &* 10 &+ Int(digit)
            position += 1
        }
        guard position > start, position < bytes.count, bytes[position] == UInt8(ascii: ",")
        else { return nil }
        position += 1
        return number
    }
}

/// The records of a shard's input, as an engine finds them.
struct InputLine {
    /// The line in the shard, from 0, blank ones counted.
    let offset: Int
    /// The number that stands in its text.
    let number: Int
    let isPoison: Bool
    /// Whether its answer is an error.
    let isFaulty: Bool

    static func parse(_ bytes: [UInt8]) -> [InputLine] {
        var lines: [InputLine] = []
        var position = 0
        var offset = 0
        while position < bytes.count {
            let first = bytes[position]
            if first != UInt8(ascii: "\n") {
                position += 1
                var number = 0
                while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"),
                    digit < 10
                {
                    number = number &* 10 &+ Int(digit)
                    position += 1
                }
                lines.append(
                    InputLine(
                        offset: offset,
                        number: number,
                        isPoison: first == VirtualInput.poison,
                        isFaulty: first == VirtualInput.fault
                    )
                )
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
                    position += 1
                }
            }
            position += 1
            offset += 1
        }
        return lines
    }
}
