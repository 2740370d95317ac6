/// Why a record has no answer of a model; the codes stand in error answers.
package enum RecordErrorCode: String, Sendable, CaseIterable {
    case badJSON = "bad_json"
    case badUTF8 = "bad_utf8"
    case missingField = "missing_field"
    case wrongType = "wrong_type"
    /// Not one token.
    case empty
    case tooLong = "too_long"
    case lineTooLarge = "line_too_large"
    case badParameter = "bad_parameter"
    case templateError = "template_error"
    case outOfMemory = "out_of_memory"
    case engineFailed = "engine_failed"
    case poison
    case cancelled
}
