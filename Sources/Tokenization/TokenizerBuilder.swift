import FoundationEssentials
import Glibc

/// Builds the parts of a tokenizer from its file, and refuses what would change a result unseen.
struct TokenizerBuilder {
    static let fileBytesMax = 64 << 20
    static let vocabularyMax = 1_000_000
    static let mergesMax = 2_000_000

    let file: TokenizerFile
    let parts: VocabularyParts
    let path: String

    init(json: [UInt8], path: String) throws(TokenizerError) {
        guard json.count <= Self.fileBytesMax else {
            throw .tooLarge(path: path, bytes: json.count, limit: Self.fileBytesMax)
        }
        parts = try VocabularyParts(json: json, path: path)
        do {
            file = try JSONDecoder().decode(TokenizerFile.self, from: Data(parts.rest))
        } catch {
            throw .malformed(path: path, what: Self.reason(error))
        }
        self.path = path
    }

    /// The bytes of a file.
    static func read(_ path: String) throws(TokenizerError) -> [UInt8] {
        // A pipe's open would wait for a writer before it could be told from a file.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0, let stream = fdopen(descriptor, "rb") else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { fclose(stream) }
        var status = stat()
        guard fstat(fileno(stream), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is not a file")
        }
        let size = Int(status.st_size)
        guard size <= fileBytesMax else {
            throw .tooLarge(path: path, bytes: size, limit: fileBytesMax)
        }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = fread(buffer.baseAddress, 1, size, stream)
        }
    }

    /// The model that encodes words.
    func model() throws(TokenizerError) -> BytePairModel {
        let model = file.model
        try refuse(model.type != nil && model.type != "BPE", "model", model.type ?? "")
        try refuse(model.dropout ?? 0 != 0, "dropout", "\(model.dropout ?? 0)")
        try refuse(model.byte_fallback == true, "byte_fallback", "true")
        let prefix = model.continuing_subword_prefix ?? ""
        try refuse(!prefix.isEmpty, "continuing_subword_prefix", prefix)
        let suffix = model.end_of_word_suffix ?? ""
        try refuse(!suffix.isEmpty, "end_of_word_suffix", suffix)
        let vocabulary = parts.vocabulary
        guard vocabulary.count <= Self.vocabularyMax, parts.mergeEnds.count <= Self.mergesMax else {
            throw .malformed(
                path: path,
                what: "\(vocabulary.count) tokens and \(parts.mergeEnds.count) merges are too many"
            )
        }
        for entry in 0..<vocabulary.count {
            let id = vocabulary.value(at: entry)
            guard id >= 0, Int(id) < Self.vocabularyMax else {
                let token = String(decoding: vocabulary.key(at: entry), as: UTF8.self)
                throw .malformed(path: path, what: "the token \(token) has the id \(id)")
            }
        }
        let byteIDs = (UInt8.min...UInt8.max).map { id(of: ByteAlphabet.name(of: $0)) ?? -1 }
        let lacksBytes = byteIDs.contains(-1)
        try refuse(lacksBytes && model.unk_token != nil, "unk_token", model.unk_token ?? "")
        return BytePairModel(
            byteIDs: byteIDs,
            merges: try merges(),
            joints: joints(),
            words: model.ignore_merges == true ? words() : nil
        )
    }

    /// The id of a token by its name.
    func id(of name: some Sequence<UInt8>) -> Int32? {
        Array(name).withUnsafeBufferPointer { parts.vocabulary.value($0) }
    }

    /// All tokens by their bytes, as far as they have any.
    private func words() -> BytesTable {
        let vocabulary = parts.vocabulary
        var words = BytesTable(capacity: vocabulary.count)
        for entry in 0..<vocabulary.count {
            guard let bytes = ByteAlphabet.bytes(of: vocabulary.key(at: entry)) else { continue }
            bytes.withUnsafeBufferPointer { words.insert($0, vocabulary.value(at: entry)) }
        }
        return words
    }

    private func merges() throws(TokenizerError) -> MergeTable {
        let table = MergeTable(capacity: parts.mergeEnds.count + 1)
        let names = parts.mergeNames
        func id(_ range: Range<Int>) -> Int32? {
            names.withUnsafeBufferPointer {
                parts.vocabulary.value(UnsafeBufferPointer(rebasing: $0[range]))
            }
        }
        func text(_ range: Range<Int>) -> String { String(decoding: names[range], as: UTF8.self) }
        for rank in parts.mergeEnds.indices {
            let merge = parts.merge(rank)
            guard let left = id(merge.left), let right = id(merge.right),
                let merged = id(merge.whole)
            else {
                throw .malformed(
                    path: path,
                    what: "merge \(rank) joins \(text(merge.left)) and \(text(merge.right)), "
                        + "of which a part or the whole is no token"
                )
            }
            table.insert(left, right, rank: Int32(rank), merged: merged)
        }
        return table
    }

    /// Where merges can join bytes; everywhere if ids do not tell of which bytes tokens consist.
    private func joints() -> ByteJoints {
        var joints = ByteJoints()
        var isTaken = [Bool](repeating: false, count: Self.vocabularyMax)
        for entry in 0..<parts.vocabulary.count {
            let id = Int(parts.vocabulary.value(at: entry))
            if isTaken[id] { return .all }
            isTaken[id] = true
        }
        for rank in parts.mergeEnds.indices {
            let merge = parts.merge(rank)
            guard let left = ByteAlphabet.bytes(of: parts.mergeNames[merge.left])?.last,
                let right = ByteAlphabet.bytes(of: parts.mergeNames[merge.right])?.first
            else { continue }
            joints.insert(left, right)
        }
        return joints
    }

    /// Added tokens: those searched in the text as it is, and those searched after normalization.
    func addedTokens() throws(TokenizerError) -> (first: AddedTokens, second: AddedTokens) {
        var first = AddedTokens()
        var second = AddedTokens()
        for token in file.added_tokens ?? [] {
            guard !token.content.isEmpty, token.id >= 0, token.id < Self.vocabularyMax else {
                throw .malformed(path: path, what: "an added token is empty or has no valid id")
            }
            let entry = AddedTokens.Token(
                id: token.id,
                takesLeft: token.lstrip ?? false,
                takesRight: token.rstrip ?? false,
                isSingleWord: token.single_word ?? false
            )
            if token.normalized ?? !(token.special ?? false) {
                second.insert(token.content, entry)
            } else {
                first.insert(token.content, entry)
            }
        }
        return (first, second)
    }

    /// How a text is cut into words.
    func splitting() throws(TokenizerError) -> Splitting {
        if let normalizer = file.normalizer {
            let isEmpty = normalizer.type == "Sequence" && normalizer.normalizers?.isEmpty == true
            try refuse(!isEmpty, "normalizer", normalizer.type)
        }
        guard let part = file.pre_tokenizer else {
            throw .unsupported(path: path, part: "pre-tokenizer", value: "null")
        }
        let parts = part.type == "Sequence" ? part.pretokenizers ?? [] : [part]
        guard let last = parts.last, last.type == "ByteLevel", parts.count <= 2 else {
            let names = parts.map(\.type).joined(separator: ", ")
            throw .unsupported(path: path, part: "pre-tokenizer", value: names)
        }
        let usesOwn = last.use_regex ?? true
        var pattern = WordScanner.wholeText
        if parts.count == 2 {
            pattern = try splitPattern(parts[0])
            try refuse(usesOwn, "pre-tokenizer", "ByteLevel with use_regex behind a Split")
        } else if usesOwn {
            pattern = WordScanner.byteLevelDefault
        }
        return Splitting(
            expression: try SplitExpression(pattern, path: path),
            prefix: last.add_prefix_space ?? true ? (parts.count == 2 ? .words : .texts) : .none
        )
    }

    private func splitPattern(_ part: TokenizerFile.Part) throws(TokenizerError) -> String {
        try refuse(part.type != "Split", "pre-tokenizer", part.type)
        try refuse(part.behavior != "Isolated", "Split behavior", part.behavior ?? "null")
        try refuse(part.invert ?? false, "Split invert", "true")
        guard let pattern = part.pattern?["Regex"] else {
            throw .unsupported(path: path, part: "Split pattern", value: "that is no Regex")
        }
        return pattern
    }

    /// Ids in front of and behind the text.
    func template() throws(TokenizerError) -> Template {
        guard let processor = file.post_processor else { return Template() }
        let parts = processor.type == "Sequence" ? processor.processors ?? [] : [processor]
        var template = Template()
        for part in parts where part.type != "ByteLevel" {
            try refuse(part.type != "TemplateProcessing", "post-processor", part.type)
            var isBehind = false
            for piece in part.single ?? [] {
                if piece.Sequence != nil {
                    isBehind = true
                    continue
                }
                guard let name = piece.SpecialToken?.id,
                    let ids = part.special_tokens?[name]?.ids
                else {
                    throw .malformed(path: path, what: "its template names an unknown token")
                }
                if isBehind { template.behind += ids } else { template.before += ids }
            }
        }
        return template
    }

    private func refuse(
        _ condition: Bool,
        _ part: String,
        _ value: String
    ) throws(TokenizerError) {
        if condition { throw .unsupported(path: path, part: part, value: value) }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "the field \(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            "the field \(context.codingPath.map(\.stringValue).joined(separator: ".")) "
                + "is of another kind than expected"
        case DecodingError.dataCorrupted(let context): context.debugDescription
        default: "it cannot be read as JSON"
        }
    }
}

/// How a text is cut into words.
struct Splitting: Sendable {
    let expression: SplitExpression
    let prefix: Prefix

    /// In front of what a space is put where none stands: what a ByteLevel gets to see.
    enum Prefix {
        case none
        /// All words that another pre-tokenizer has cut.
        case words
        /// Whole texts between added tokens, before they are cut.
        case texts
    }
}

/// Ids that stand around every text.
struct Template: Sendable {
    var before: [Int32] = []
    var behind: [Int32] = []
}
