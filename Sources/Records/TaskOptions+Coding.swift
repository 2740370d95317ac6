extension TaskOptions: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case task, dtype, textField, idField, carry, maxLength, truncate, topLabels, tokenIDs
        case maxLineBytes, choices, choiceScore, pooling, seed, generation
    }

    /// Reads what is there and takes the usual for the rest; a field that is not known is an error.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseFields(besides: CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, else usual: Value) throws -> Value {
            try fields.decodeIfPresent(Value.self, forKey: key) ?? usual
        }
        task = try read(.task, else: task)
        dtype = try read(.dtype, else: dtype)
        textField = try read(.textField, else: textField)
        idField = try read(.idField, else: idField)
        carry = try read(.carry, else: carry)
        maxLength = try read(.maxLength, else: maxLength)
        truncate = try read(.truncate, else: truncate)
        topLabels = try read(.topLabels, else: topLabels)
        tokenIDs = try read(.tokenIDs, else: tokenIDs)
        maxLineBytes = try read(.maxLineBytes, else: maxLineBytes)
        choices = try read(.choices, else: choices)
        choiceScore = try read(.choiceScore, else: choiceScore)
        pooling = try read(.pooling, else: pooling)
        seed = try read(.seed, else: seed)
        generation = try read(.generation, else: generation)
    }

    /// Writes what every version has written, and of later options those that were asked for.
    ///
    /// Equal options are equal text, whichever version wrote them: a job is known again by it.
    package func encode(to encoder: any Encoder) throws {
        let usual = TaskOptions()
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(task, forKey: .task)
        try fields.encode(dtype, forKey: .dtype)
        try fields.encodeIfPresent(textField, forKey: .textField)
        try fields.encode(idField, forKey: .idField)
        try fields.encode(carry, forKey: .carry)
        try fields.encodeIfPresent(maxLength, forKey: .maxLength)
        try fields.encodeIfPresent(truncate, forKey: .truncate)
        try fields.encodeIfPresent(topLabels, forKey: .topLabels)
        try fields.encode(tokenIDs, forKey: .tokenIDs)
        try fields.encode(maxLineBytes, forKey: .maxLineBytes)
        func write<Value: Encodable & Equatable>(
            _ option: KeyPath<TaskOptions, Value>,
            _ key: CodingKeys
        ) throws {
            if self[keyPath: option] != usual[keyPath: option] {
                try fields.encode(self[keyPath: option], forKey: key)
            }
        }
        try write(\.choices, .choices)
        try write(\.choiceScore, .choiceScore)
        try write(\.pooling, .pooling)
        try write(\.seed, .seed)
        try write(\.generation, .generation)
    }
}
