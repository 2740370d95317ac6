import Glibc
package import Platform

/// One name for all bytes of a model, so that two machines can tell whether they have the same.
package struct ModelDigest: Sendable {
    /// Digest, in hex, of a manifest: a line "name<tab>size<tab>sha256" per file, sorted by name.
    package let text: String
    /// Each file's digest, and what the file was when it was taken; by path.
    let files: [String: DigestCache.Entry]

    /// Takes in a model's files.
    ///
    /// The files are config.json and tokenizer.json, tokenizer_config.json and
    /// generation_config.json where present, and the weights with their index.
    ///
    /// - Parameters:
    ///   - cache: what is known of files that have not changed; nil reads every byte.
    ///   - threads: that read several large files at once, at most.
    ///   - now: the time, by which files that were changed just now are told.
    ///   - isRemote: tells files whose changes their times may not show: these are always read.
    package static func compute(
        directory: String,
        cache: DigestCache?,
        threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
        now: Int64 = FileIdentity.now(),
        isRemote: @Sendable (borrowing FileDescriptor) -> Bool = { $0.mayBeOnNetwork() }
    ) throws(ModelError) -> ModelDigest {
        var names = ["config.json", "tokenizer.json"]
        for name in ["tokenizer_config.json", "generation_config.json", WeightsIndex.index]
        where access("\(directory)/\(name)", F_OK) == 0 {
            names.append(name)
        }
        let weights = try WeightsIndex.fileNames(directory: directory)
        names += weights
        names.sort()
        let known = cache?.entries() ?? []
        let (paths, readers) = (names.map { "\(directory)/\($0)" }, min(threads, weights.count))
        let found = try Parallel.map(names.count, threads: readers) { number throws(ModelError) in
            try FileDigest(paths[number], known, now: now, isRemote)
        }
        cache?.remember(found.filter(\.isNew).map(\.entry))
        var manifest = ""
        for (name, file) in zip(names, found) {
            manifest += "\(name)\t\(file.entry.file.byteCount)\t\(hex(file.entry.digest))\n"
        }
        return ModelDigest(
            text: hex(SHA256.digest(Array(manifest.utf8))),
            files: Dictionary(uniqueKeysWithValues: zip(paths, found.map(\.entry)))
        )
    }

    private static func hex(_ digest: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The digest of a file, as known or computed.
private struct FileDigest {
    let entry: DigestCache.Entry
    /// Whether it was computed now, of a file that any later change will tell from this one: none
    /// of a network's file system.
    let isNew: Bool

    init(
        _ path: String,
        _ known: [DigestCache.Entry],
        now: Int64,
        _ isRemote: (borrowing FileDescriptor) -> Bool
    ) throws(ModelError) {
        do throws(SystemCallError) {
            // A pipe's open would wait for a writer before it could be told from a file.
            let file = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
            if let before = try file.identity() {
                let isLocal = !isRemote(file)
                if isLocal, let entry = known.last(where: { $0.file == before }) {
                    (self.entry, isNew) = (entry, false)
                    return
                }
                entry = DigestCache.Entry(file: before, digest: try SHA256.digest(of: file))
                let isSteady = try file.identity() == before && before.isSettled(at: now)
                isNew = isLocal && isSteady
                return
            }
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        throw .unreadable(path: path, reason: "not a regular file")
    }
}
