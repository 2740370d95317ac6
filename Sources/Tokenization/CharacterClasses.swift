import Glibc

/// What the well-known expressions tell apart: letters, numbers, white space, line ends, all else.
///
/// One byte for each character, filled page by page as texts need them; for one thread.
final class CharacterClasses {
    static let unknown: UInt8 = 0
    static let other: UInt8 = 1
    static let letter: UInt8 = 2
    static let number: UInt8 = 3
    static let space: UInt8 = 4
    static let lineEnd: UInt8 = 5

    /// The tokenizers package knows the characters of this version of Unicode; later ones are
    /// `other`, as they were unassigned in it.
    static let unicodeVersion = 16

    static let pageSize = 256
    private static let characterCount = 0x110000
    /// Behind the ideographs there are no letters, numbers or spaces up to that version.
    private static let othersStart = 0x32400

    /// The class of each character; pages that no text has needed take no memory.
    let table: UnsafeMutablePointer<UInt8>
    private let version: Int

    /// - Parameter unicodeVersion: the last whose characters count.
    init(unicodeVersion version: Int = unicodeVersion) {
        guard let memory = calloc(Self.characterCount, 1) else {
            preconditionFailure("no memory for the classes of characters")
        }
        table = memory.assumingMemoryBound(to: UInt8.self)
        self.version = version
        fill(pageOf: 0)
    }

    deinit {
        free(table)
    }

    /// The class of a character, from the table where it stands there.
    @inline(__always)
    func find(_ character: Int) -> UInt8 {
        let found = table[character]
        if found != Self.unknown { return found }
        fill(pageOf: character)
        return table[character]
    }

    @inline(never)
    private func fill(pageOf character: Int) {
        let first = character & -Self.pageSize
        if first >= Self.othersStart {
            memset(table + first, Int32(Self.other), Self.pageSize)
            return
        }
        for number in first..<first + Self.pageSize {
            table[number] =
                Unicode.Scalar(UInt32(number)).map { Self.classify($0, version) } ?? Self.other
        }
    }

    private static func classify(_ scalar: Unicode.Scalar, _ version: Int) -> UInt8 {
        switch scalar.value {
        case 0x0A, 0x0D: return lineEnd
        case 0x09, 0x0B, 0x0C, 0x85: return space
        default: break
        }
        let kind =
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                .otherLetter:
                letter
            case .decimalNumber, .letterNumber, .otherNumber: number
            case .spaceSeparator, .lineSeparator, .paragraphSeparator: space
            default: other
            }
        guard kind != other, let age = scalar.properties.age, age.major <= version else {
            return other
        }
        return kind
    }
}
