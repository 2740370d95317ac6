import FoundationEssentials

/// What a job asks of every record: all of it changes answers.
package struct TaskOptions: Codable, Equatable, Sendable {
    /// What the model shall do with a text.
    package enum Task: String, Codable, Sendable, CaseIterable {
        /// One label of the model's for each text.
        case classify
    }

    /// The type in which the engine computes.
    package enum NumberType: String, Codable, Sendable, CaseIterable {
        /// IEEE 754 binary32 throughout.
        case f32
    }

    /// The end at which a text that is too long is cut.
    package enum Truncation: String, Codable, Sendable, CaseIterable {
        /// What is on this side is cut off: `right` keeps the beginning.
        case left, right
    }

    /// Limits of a line that may be asked for, bytes.
    package static let lineBytes = 64...16 << 20
    /// Limits of a record that may be asked for, tokens.
    package static let lengths = 1...1 << 20
    /// Numbers of named labels that may be asked for.
    package static let labelCounts = 1...100_000

    /// Decides which kind of model is needed and what an answer holds.
    package var task: Task = .classify
    /// The checkpoint's own type is another matter: it is converted.
    package var dtype: NumberType = .f32
    /// The field that holds a record's text.
    package var textField = "text"
    /// The field that holds a record's id.
    package var idField = "id"
    /// Fields that are passed on from record to answer.
    package var carry: [String] = []
    /// The most tokens of a record; nil for the model's own limit.
    package var maxLength: Int?
    /// Where a longer record is cut; nil makes it an error answer.
    package var truncate: Truncation?
    /// How many labels an answer names; nil for all.
    package var topLabels: Int?
    /// Whether answers hold the ids of the input's tokens.
    package var tokenIDs = false
    /// The longest line, bytes; a longer one gets an error answer.
    package var maxLineBytes = 4 << 20

    /// What a job asks for that names nothing: classify in f32, nothing carried or cut.
    package init() {}

    /// Reads options from JSON; throws Foundation's `DecodingError`.
    package static func decode(_ text: String) throws -> TaskOptions {
        try JSONDecoder().decode(TaskOptions.self, from: Data(text.utf8))
    }
}
