/// Cuts words as well-known expressions do, without running them: each byte is looked at once or
/// twice, whatever the text.
///
/// The text must be UTF-8.
struct WordScanner {
    /// An expression that is known by its exact text.
    enum Style: Equatable, Sendable {
        /// Of Llama 3 and its kin: words with one sign in front, numbers of some digits.
        case llama(digitsMax: Int)
        /// Of GPT-2: a space in front of words, numbers and signs.
        case gpt2
        /// The text is one word.
        case whole
    }

    /// The expression of GPT-2, for byte-level pre-tokenizers that bring none.
    static let byteLevelDefault =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// Takes a text as one word.
    static let wholeText = "(?s).+"

    private static let llamaStart =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
    private static let llamaEnd =
        #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The style of an expression; nil for one that must be run.
    static func style(of expression: String) -> Style? {
        switch expression {
        case byteLevelDefault: .gpt2
        case wholeText: .whole
        case llamaStart + "{1,3}" + llamaEnd: .llama(digitsMax: 3)
        case llamaStart + llamaEnd: .llama(digitsMax: 1)
        default: nil
        }
    }

    private static let space = UInt8(ascii: " ")
    private static let apostrophe = UInt8(ascii: "'")

    let style: Style
    let text: UnsafePointer<UInt8>
    let count: Int
    /// Borrowed: whoever scans holds the classes meanwhile.
    unowned(unsafe) let classes: CharacterClasses

    /// Where the word that begins at `start` ends; `start` must be inside of the text.
    @inline(__always)
    func end(ofWordAt start: Int) -> Int {
        switch style {
        case .llama(let digitsMax): llamaEnd(start, digitsMax)
        case .gpt2: gpt2End(start)
        case .whole: count
        }
    }

    @inline(__always)
    private func llamaEnd(_ start: Int, _ digitsMax: Int) -> Int {
        let (kind, second) = character(at: start)
        switch kind {
        case CharacterClasses.letter: return runEnd(CharacterClasses.letter, second)
        case CharacterClasses.number: return numberEnd(second, digitsMax)
        case CharacterClasses.lineEnd: return spaceEnd(start, stopsAtLines: true)
        default: break
        }
        let first = text[start]
        if first == Self.apostrophe, let end = contractionEnd(start, ignoringCase: true) {
            return end
        }
        let (secondKind, third) = character(at: second)
        if secondKind == CharacterClasses.letter {
            return runEnd(CharacterClasses.letter, third)
        }
        if kind == CharacterClasses.other { return lineEndsEnd(signsEnd(second)) }
        if first == Self.space, secondKind == CharacterClasses.other {
            return lineEndsEnd(signsEnd(third))
        }
        return spaceEnd(start, stopsAtLines: true)
    }

    @inline(__always)
    private func gpt2End(_ start: Int) -> Int {
        let first = text[start]
        if first == Self.apostrophe, let end = contractionEnd(start, ignoringCase: false) {
            return end
        }
        let (kind, end) = character(at: first == Self.space ? start + 1 : start)
        switch kind {
        case CharacterClasses.letter, CharacterClasses.number, CharacterClasses.other:
            return runEnd(kind, end)
        default: return spaceEnd(start, stopsAtLines: false)
        }
    }

    /// The class of a character and where it ends; `unknown` behind the text.
    @inline(__always)
    private func character(at place: Int) -> (kind: UInt8, end: Int) {
        guard place < count else { return (CharacterClasses.unknown, place) }
        let byte = text[place]
        guard byte >= 0x80 else { return (classes.table[Int(byte)], place + 1) }
        return wideCharacter(at: place)
    }

    private func wideCharacter(at place: Int) -> (kind: UInt8, end: Int) {
        let lead = Int(text[place])
        func tail(_ index: Int) -> Int { Int(text[place + index] & 0x3F) }
        switch lead {
        case ..<0xE0:
            return (classes.find((lead & 0x1F) << 6 | tail(1)), place + 2)
        case ..<0xF0:
            return (classes.find((lead & 0x0F) << 12 | tail(1) << 6 | tail(2)), place + 3)
        default:
            let high = (lead & 0x07) << 18 | tail(1) << 12
            return (classes.find(high | tail(2) << 6 | tail(3)), place + 4)
        }
    }

    /// Where the characters of one class end.
    @inline(__always)
    private func runEnd(_ kind: UInt8, _ start: Int) -> Int {
        var place = start
        while true {
            let (found, end) = character(at: place)
            guard found == kind else { return place }
            place = end
        }
    }

    private func signsEnd(_ start: Int) -> Int { runEnd(CharacterClasses.other, start) }

    private func lineEndsEnd(_ start: Int) -> Int { runEnd(CharacterClasses.lineEnd, start) }

    private func numberEnd(_ start: Int, _ digitsMax: Int) -> Int {
        var place = start
        for _ in 1..<digitsMax {
            let (kind, end) = character(at: place)
            guard kind == CharacterClasses.number else { break }
            place = end
        }
        return place
    }

    /// The end of white space: up to its last line end where these count; else all of it, but for
    /// one character that is left to what follows.
    private func spaceEnd(_ start: Int, stopsAtLines: Bool) -> Int {
        var place = start
        var last = start
        var lineEnd = start
        while true {
            let (kind, end) = character(at: place)
            guard kind >= CharacterClasses.space else { break }
            last = place
            place = end
            if kind == CharacterClasses.lineEnd { lineEnd = end }
        }
        if stopsAtLines, lineEnd > start { return lineEnd }
        return place == count || last == start ? place : last
    }

    /// The end of 's, 't, 're, 've, 'm, 'll or 'd; of letters from elsewhere only ſ folds into one.
    private func contractionEnd(_ start: Int, ignoringCase: Bool) -> Int? {
        guard start + 1 < count else { return nil }
        let fold: UInt8 = ignoringCase ? 0x20 : 0
        let second = start + 2 < count ? text[start + 2] : 0
        switch text[start + 1] | fold {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return second | fold == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"):
            return second | fold == UInt8(ascii: "l") ? start + 3 : nil
        default:
            let isLongS = ignoringCase && text[start + 1] == 0xC5 && second == 0xBF
            return isLongS ? start + 3 : nil
        }
    }
}
