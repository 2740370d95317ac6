/// The fields of one of a model's JSON files, turned into values; wrong ones into sentences.
struct FieldCheck {
    /// Above any model, and small enough that products of three sizes do not overflow.
    static let sizeMax = 1 << 20

    let path: String
    /// The object inside the file that the fields stand in, with a point behind its name.
    private let prefix: String
    let values: [String: JSONValue]

    /// Reads the file, which must hold one object.
    init(path: String) throws(ModelError) {
        let file = try MappedFile(path: path)
        var scanner = JSONScanner(file.bytes, part: "")
        let value: JSONValue
        do throws(JSONScanner.Failure) {
            value = try scanner.value()
            guard scanner.peek() == nil else {
                throw scanner.failure("it goes on behind its end", at: scanner.offset)
            }
        } catch {
            throw .unreadable(path: path, reason: "it is no JSON object: \(error.reason)")
        }
        guard let values = value.object else {
            throw .unreadable(path: path, reason: "it is no JSON object")
        }
        self.init(path: path, prefix: "", values: values)
    }

    private init(path: String, prefix: String, values: [String: JSONValue]) {
        self.path = path
        self.prefix = prefix
        self.values = values
    }

    func has(_ field: String) -> Bool { values[field] != nil }

    func bad(_ field: String, _ expected: String, _ got: String) -> ModelError {
        .badConfiguration(path: path, field: prefix + field, expected: expected, got: got)
    }

    func unknown(_ field: String, _ got: String, known: String) -> ModelError {
        .unsupported(path: path, field: prefix + field, got: got, known: known)
    }

    /// The fields of an object, or nil where it is absent, null or empty.
    func object(_ field: String) throws(ModelError) -> FieldCheck? {
        let values = try value(field, "an object", orNull: true, \.object)
        guard let values, !values.isEmpty else { return nil }
        return FieldCheck(path: path, prefix: "\(prefix)\(field).", values: values)
    }

    /// A field's value, or nil where it is absent; null is nil if `orNull`, and refused otherwise.
    func value<Value>(
        _ field: String,
        _ expected: String,
        orNull: Bool = false,
        _ convert: (JSONValue) -> Value?
    ) throws(ModelError) -> Value? {
        guard let value = values[field] else { return nil }
        if value == .null, orNull { return nil }
        guard let converted = convert(value) else { throw bad(field, expected, "\(value)") }
        return converted
    }

    func whole(_ field: String, orNull: Bool = false) throws(ModelError) -> Int? {
        try value(field, "a whole number", orNull: orNull, \.whole)
    }

    func number(_ field: String, orNull: Bool = false) throws(ModelError) -> Double? {
        try value(field, "a number", orNull: orNull, \.number)
    }

    func flag(_ field: String, orNull: Bool = false) throws(ModelError) -> Bool? {
        try value(field, "true or false", orNull: orNull, \.flag)
    }

    func text(_ field: String, orNull: Bool = false) throws(ModelError) -> String? {
        try value(field, "a string", orNull: orNull, \.text)
    }

    /// A list of strings, or one alone.
    func texts(_ field: String) throws(ModelError) -> [String]? {
        try value(field, "a string or a list of strings", orNull: true) { value in
            if let text = value.text { return [text] }
            return value.list.flatMap { list in
                let texts = list.compactMap(\.text)
                return texts.count == list.count ? texts : nil
            }
        }
    }

    /// A token's number; those outside the vocabulary are met by no token, and do no harm.
    func token(_ field: String) throws(ModelError) -> Int32? {
        try value(field, "a token's number or null", orNull: true) { value in
            value.whole.flatMap { Int32(exactly: $0) }
        }
    }

    /// A list of tokens' numbers, or one alone.
    func tokens(_ field: String) throws(ModelError) -> [Int32]? {
        try value(field, "a token's number, a list of them or null", orNull: true) { value in
            let list = value.list ?? [value]
            let tokens = list.compactMap { $0.whole.flatMap { Int32(exactly: $0) } }
            return tokens.count == list.count ? tokens : nil
        }
    }

    /// A size, or `absent` where the field is not there.
    func count(_ field: String, absent: Int) throws(ModelError) -> Int {
        try count(field, try whole(field) ?? absent)
    }

    func count(_ field: String, _ value: Int) throws(ModelError) -> Int {
        guard value >= 1, value <= FieldCheck.sizeMax else {
            throw bad(field, "from 1 to \(FieldCheck.sizeMax)", "\(value)")
        }
        return value
    }
}
