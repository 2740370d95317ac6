/// Writes an expression of tokenizer.json, meant for Oniguruma, so that PCRE2 means the same.
///
/// The two differ in white space: with Unicode properties PCRE2's `\s` also takes U+180E, for
/// Perl's sake. Everything else that the byte-level tokenizers use is alike.
enum ExpressionDialect {
    /// What Oniguruma takes for white space, as the inside of a class.
    private static let space = #"\x{09}-\x{0D}\x{85}\p{Z}"#

    /// The expression with `\s`, and outside of classes `\S`, spelled out.
    static func forPCRE2(_ pattern: String) -> String {
        var result = ""
        var isInClass = false
        var rest = Substring(pattern)
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                let escaped = rest.popFirst().map(String.init) ?? ""
                result += spelledOut(escaped, isInClass: isInClass)
            case "[" where !isInClass:
                isInClass = true
                result += "["
                // A bracket that comes first is one of the class.
                if rest.first == "^" { result.append(rest.removeFirst()) }
                if rest.first == "]" { result.append(rest.removeFirst()) }
            case "]":
                isInClass = false
                result += "]"
            default:
                result.append(character)
            }
        }
        return result
    }

    private static func spelledOut(_ escaped: String, isInClass: Bool) -> String {
        switch (escaped, isInClass) {
        case ("s", true): space
        case ("s", false): "[\(space)]"
        case ("S", false): "[^\(space)]"
        default: "\\\(escaped)"
        }
    }
}
