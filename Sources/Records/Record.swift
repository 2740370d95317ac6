/// One input line, ready for a model.
package struct Record: Equatable, Sendable {
    /// Number of its line in the whole job, from 0.
    package var index: Int
    /// Its id as it stood in the line, byte for byte; `null` where it has none.
    package var id: [UInt8]
    /// The text in UTF-8.
    package var text: [UInt8]
    /// Fields to be passed on: name and value as they stood in the line.
    package var carried: [CarriedField]
    /// What the record itself says of how texts are generated; a job's own options count more.
    package var generation: GenerationOptions

    /// A record as it was read; that `id` is JSON and `text` UTF-8 is the reader's duty.
    package init(
        index: Int,
        id: [UInt8],
        text: [UInt8],
        carried: [CarriedField],
        generation: GenerationOptions = GenerationOptions()
    ) {
        self.index = index
        self.id = id
        self.text = text
        self.carried = carried
        self.generation = generation
    }
}

/// A field that goes from record to answer untouched.
package struct CarriedField: Equatable, Sendable {
    /// The field's name as a JSON string, with its quotes.
    package var name: [UInt8]
    /// The field's value as it stood in the line.
    package var value: [UInt8]

    /// A field whose name and value are JSON already.
    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A record that gets an error answer.
package struct RecordFailure: Error, Equatable, Sendable {
    /// Number of its line in the whole job, from 0.
    package var index: Int
    /// Its id as it stood in the line; `null` where none could be read.
    package var id: [UInt8]
    /// The code that programs read; the message is for people.
    package var code: RecordErrorCode
    /// A sentence that says what is wrong and never quotes the text.
    package var message: String
    /// Fields to be passed on all the same; empty where the line could not be read.
    package var carried: [CarriedField]

    /// Without an id it is `null`: the line could not be read that far.
    package init(
        index: Int,
        id: [UInt8] = Array("null".utf8),
        code: RecordErrorCode,
        message: String,
        carried: [CarriedField] = []
    ) {
        self.index = index
        self.id = id
        self.code = code
        self.message = message
        self.carried = carried
    }
}
