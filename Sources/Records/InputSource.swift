/// Something that lines come from, as it was found.
package struct InputSource: Equatable, Sendable {
    /// How the bytes are written; told by the first ones, never by the name.
    package enum Kind: String, Sendable {
        /// Plain files are read in place; all others are copied plain before shards are cut.
        case plain, gzip, zstd, standardInput
    }

    /// Absolute path; "-" for standard input.
    package let path: String
    /// Told by the first four bytes of a file.
    package let kind: Kind
    /// Size as it lies on the disk, bytes.
    package let byteCount: Int
    /// Nanoseconds since 1970.
    package let modificationTime: Int64

    /// A source as it was found; nothing is opened here.
    package init(path: String, kind: Kind, byteCount: Int, modificationTime: Int64) {
        self.path = path
        self.kind = kind
        self.byteCount = byteCount
        self.modificationTime = modificationTime
    }
}

/// Why an input cannot be used.
package enum InputFailure: Error, Equatable, CustomStringConvertible {
    /// It does not exist, is no regular file, or the system refuses it for this reason.
    case unusable(String, reason: String)
    /// A pattern or a folder with no file that fits.
    case nothingFound(String, hint: String)
    /// Compressed bytes that are damaged, as was seen at this byte of the file.
    case damaged(String, offset: Int, what: String)
    /// A few bytes that unfold into far too many.
    case bomb(String, outputBytes: Int)

    /// The failure as one sentence for people: what was wrong, where, and what to do.
    package var description: String {
        switch self {
        case .unusable(let path, let reason):
            "the input \(path) cannot be used: \(reason)"
        case .nothingFound(let path, let hint):
            "no input is found at \(path): \(hint)"
        case .damaged(let path, let offset, let what):
            "the input \(path) is damaged at byte \(offset + 1): \(what); get the file anew"
        case .bomb(let path, let outputBytes):
            "the input \(path) unfolds into more than \(outputBytes) bytes, over 200 times its size"
                + "; decompress it yourself if that is right"
        }
    }
}
