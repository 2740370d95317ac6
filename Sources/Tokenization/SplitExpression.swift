import CPCRE2

/// The expression that cuts a text into words: known and cut by a `WordScanner`, or compiled once.
///
/// Known ones are not run, as PCRE2 takes longer to begin a match than most words to end. Sendable
/// as compiled code is only read; what a match writes lies in each thread's own scratch.
final class SplitExpression: @unchecked Sendable {
    /// Nil where the expression is known and words are cut without it.
    private let code: OpaquePointer?
    let style: WordScanner.Style?

    /// - Parameter runsAlways: whether PCRE2 runs an expression that could be cut without it.
    init(_ pattern: String, path: String, runsAlways: Bool = false) throws(TokenizerError) {
        style = runsAlways ? nil : WordScanner.style(of: pattern)
        guard style == nil else {
            code = nil
            return
        }
        var errorCode: Int32 = 0
        var errorOffset = 0
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP)
        let bytes = Array(ExpressionDialect.forPCRE2(pattern).utf8)
        guard
            let code = pcre2_compile_8(bytes, bytes.count, options, &errorCode, &errorOffset, nil)
        else {
            throw .malformed(
                path: path,
                what: "its expression fails at byte \(errorOffset + 1): "
                    + Self.message(errorCode)
            )
        }
        // Where no machine code can be made the same code is interpreted.
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
        self.code = code
    }

    deinit {
        pcre2_code_free_8(code)
    }

    func makeMatch() -> SplitMatch {
        SplitMatch(code)
    }

    /// Calls `piece` for every word and every gap between words of a UTF-8 text, in order.
    ///
    /// It is for expressions without a style.
    func split(
        _ text: UnsafeBufferPointer<UInt8>,
        _ match: borrowing SplitMatch,
        piece: (Range<Int>) -> Void
    ) throws(TokenizerError) {
        precondition(code != nil, "an expression with a style is not run")
        var done = 0
        var offset = 0
        while offset < text.count {
            let status = pcre2_match_8(
                code,
                text.baseAddress,
                text.count,
                offset,
                UInt32(PCRE2_NO_UTF_CHECK),
                match.data,
                match.context
            )
            if status == PCRE2_ERROR_NOMATCH { break }
            guard status >= 0 else { throw .splitFailed(reason: Self.message(status)) }
            let vector = pcre2_get_ovector_pointer_8(match.data)
            guard let start = vector?[0], let end = vector?[1], start >= offset, end > start else {
                // An expression that matches nothing at all, or by \K what lies behind the offset,
                // gets on by one character.
                offset += 1
                while offset < text.count, text[offset] & 0xC0 == 0x80 { offset += 1 }
                continue
            }
            if done < start { piece(done..<start) }
            piece(start..<end)
            done = end
            offset = end
        }
        if done < text.count { piece(done..<text.count) }
    }

    private static func message(_ code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = pcre2_get_error_message_8(code, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, Int(count))), as: UTF8.self)
    }
}

/// What a match writes, nothing where no code runs; one for each thread.
struct SplitMatch: ~Copyable {
    let data: OpaquePointer?
    let context: OpaquePointer?
    private let stack: OpaquePointer?

    init(_ code: OpaquePointer?) {
        guard let code else {
            (data, context, stack) = (nil, nil, nil)
            return
        }
        data = pcre2_match_data_create_from_pattern_8(code, nil)
        context = pcre2_match_context_create_8(nil)
        stack = pcre2_jit_stack_create_8(32 << 10, 8 << 20, nil)
        pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }
}
