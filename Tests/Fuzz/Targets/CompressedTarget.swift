import Records

extension FuzzTarget {
    /// A compressed stream; byte 0 says whether it is to be gzip or zstd.
    static let compressed = FuzzTarget(
        "compressed",
        testRuns: 500,
        dictionary: [
            "\u{1F}", "\u{8}", "(", "/", "BC", "\u{0}\u{0}\u{0}\u{0}", "{\"text\":\"a\"}\n",
        ]
    ) { input in
        let folder = Scratch.folder("compressed")
        var reader = InputReader(input)
        let kind: InputSource.Kind = reader.byte() & 1 == 0 ? .gzip : .zstd
        let size = reader.rest.count
        Scratch.write("\(folder)/input", UnsafeRawBufferPointer(reader.rest))
        let source = InputSource(
            path: "\(folder)/input",
            kind: kind,
            byteCount: size,
            modificationTime: 0
        )
        do throws(InputFailure) {
            let count = try Spool.write(source, to: "\(folder)/plain").byteCount
            let most = max(17 << 20, 200 * size + (1 << 20))
            return count <= most ? .taken : .wrong("\(size) bytes became \(count)")
        } catch {
            return .refused(error.description)
        }
    }
}
