/// Why a record has no answer of a model; the codes stand in error answers.
package enum RecordErrorCode: String, Sendable, CaseIterable {
    /// The line is no JSON object.
    case badJSON = "bad_json"
    /// The line has bytes that are no UTF-8.
    case badUTF8 = "bad_utf8"
    /// The line lacks the field of the text.
    case missingField = "missing_field"
    /// The field of the text is no string.
    case wrongType = "wrong_type"
    /// Not one token.
    case empty
    /// More tokens than the limit, and no side to cut at.
    case tooLong = "too_long"
    /// More bytes than a line may have; of such a line not even the id is read.
    case lineTooLarge = "line_too_large"
    /// A field of the record's own asks for what cannot be done.
    case badParameter = "bad_parameter"
    /// Kept for chat templates; nothing gives it yet.
    case templateError = "template_error"
    /// There is no memory for so many tokens.
    case outOfMemory = "out_of_memory"
    /// The tokenizer or the model's numbers failed on this record.
    case engineFailed = "engine_failed"
    /// Kept for a record that kills workers; nothing gives it yet.
    case poison
    /// Kept for a job that is cancelled; nothing gives it yet.
    case cancelled
}
