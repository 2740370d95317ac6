/// An option whose value is not allowed: what a sentence about it needs to say.
package struct OptionFault: Error, Equatable, Sendable {
    /// The option as a record's field spells it, such as `top_p`; a flag has dashes instead.
    package let name: String
    /// What is allowed, as a phrase.
    package let expected: String
    /// What stands there, as a phrase that never quotes a text.
    package let got: String
}

extension Decoder {
    /// Refuses fields that this version does not know: what they ask for would be left undone.
    func refuseFields<Key: CodingKey & CaseIterable>(besides keys: Key.Type) throws {
        let known = Set(keys.allCases.map(\.stringValue))
        let found = try container(keyedBy: AnyKey.self).allKeys
        guard let unknown = found.first(where: { !known.contains($0.stringValue) }) else { return }
        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: codingPath,
                debugDescription: "the field \(unknown.stringValue) is not known to this version; "
                    + "use the same Kennel on every host"
            )
        )
    }
}

/// A field of any name.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}
