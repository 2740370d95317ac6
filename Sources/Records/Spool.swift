import Glibc
package import Platform

/// Makes a plain file of a compressed input or a stream, so that any part can be read again.
package enum Spool {
    /// What the bytes of a plain copy are.
    package struct Plain: Equatable, Sendable {
        /// How many.
        package let byteCount: Int
        /// Tells them from others.
        package let digest: XXH3.Digest

        /// Takes what was found.
        package init(byteCount: Int, digest: XXH3.Digest) {
            self.byteCount = byteCount
            self.digest = digest
        }
    }

    private static let bufferSize = 1 << 20
    /// Output up to this size is never suspicious.
    private static let bombBytesMin = 16 << 20
    private static let bombRatioMax = 200

    /// Writes the plain bytes of a source to a file, which takes its name only when it is whole.
    ///
    /// What a failure leaves half written is removed.
    ///
    /// - Parameter descriptor: where standard input is read from.
    /// - Returns: what the plain bytes are.
    package static func write(
        _ source: InputSource,
        to path: String,
        standardInput descriptor: Int32 = STDIN_FILENO
    ) throws(InputFailure) -> Plain {
        let partial = "\(path).partial"
        do throws(InputFailure) {
            return try writeWhole(source, descriptor, partial, path)
        } catch {
            try? Files.remove(partial)
            throw error
        }
    }

    private static func writeWhole(
        _ source: InputSource,
        _ descriptor: Int32,
        _ partial: String,
        _ path: String
    ) throws(InputFailure) -> Plain {
        var output = PlainFile(try open(partial, flags: O_RDWR | O_CREAT | O_TRUNC))
        if source.kind == .standardInput {
            try copy(descriptor, to: &output)
        } else {
            try decompress(source, to: &output)
        }
        do throws(SystemCallError) {
            try output.file.synchronizeData()
            try Files.rename(partial, to: path)
            try Files.synchronizeDirectory(Files.directory(of: path))
        } catch {
            throw .unusable(path, reason: error.reason)
        }
        return output.plain
    }

    /// Copies a stream, decompressed where its first bytes say that it is compressed.
    private static func copy(
        _ descriptor: Int32,
        to output: inout PlainFile
    ) throws(InputFailure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 64)
        defer { buffer.deallocate() }
        var count = try fill(buffer, from: descriptor)
        let kind = InputResolver.kind(of: Array(buffer[..<min(count, 4)]))
        if kind != .plain {
            let first = Array(buffer[..<count])
            var isFirst = true
            return try decompress(kind, "-", to: &output) { (piece) throws(InputFailure) in
                guard isFirst else { return try fill(piece, from: descriptor) }
                isFirst = false
                piece.copyBytes(from: first)
                return first.count
            }
        }
        while count > 0 {
            try output.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            count = try fill(buffer, from: descriptor)
        }
    }

    /// Reads until the buffer is full or the stream ends.
    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from descriptor: Int32
    ) throws(InputFailure) -> Int {
        var filled = 0
        while filled < buffer.count, let start = buffer.baseAddress {
            let count = Glibc.read(descriptor, start + filled, buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .unusable("-", reason: String(cString: strerror(errno)))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    private static func decompress(
        _ source: InputSource,
        to output: inout PlainFile
    ) throws(InputFailure) {
        let input = try regular(source.path)
        var offset = 0
        try decompress(source.kind, source.path, to: &output) {
            (piece) throws(InputFailure) in
            let count = try read(input, into: piece, at: offset, source.path)
            offset += count
            return count
        }
    }

    /// - Parameter next: fills a buffer of `bufferSize` with what comes next; 0 at the end.
    private static func decompress(
        _ kind: InputSource.Kind,
        _ name: String,
        to output: inout PlainFile,
        next: (UnsafeMutableRawBufferPointer) throws(InputFailure) -> Int
    ) throws(InputFailure) {
        let taken = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 64)
        let given = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 64)
        defer {
            taken.deallocate()
            given.deallocate()
        }
        var decompressor = Decompressor(kind)
        var offset = 0
        // What was read and not yet taken.
        var waiting = 0..<0
        while true {
            if waiting.isEmpty { waiting = 0..<(try next(taken)) }
            let piece = UnsafeRawBufferPointer(rebasing: taken[waiting])
            switch decompressor.step(piece, given) {
            case .damaged(let consumed, let what):
                throw .damaged(name, offset: offset + consumed, what: what)
            case .progress(let consumed, let produced):
                let plain = UnsafeRawBufferPointer(rebasing: given[..<produced])
                try output.append(plain)
                offset += consumed
                waiting = waiting.lowerBound + consumed..<waiting.upperBound
                let total = output.byteCount
                if total > bombBytesMin, total / max(1, offset) > bombRatioMax {
                    throw .bomb(name, outputBytes: total)
                }
                guard consumed == 0, produced == 0 else { continue }
                guard waiting.isEmpty, decompressor.isBetweenFrames else {
                    throw .damaged(name, offset: offset, what: "it ends in the middle")
                }
                return
            }
        }
    }

    private static func read(
        _ file: borrowing FileDescriptor,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int,
        _ path: String
    ) throws(InputFailure) -> Int {
        do throws(SystemCallError) {
            return try file.read(into: buffer, at: offset)
        } catch {
            throw .unusable(path, reason: error.reason)
        }
    }

    private static func regular(_ path: String) throws(InputFailure) -> FileDescriptor {
        do throws(SystemCallError) {
            return try .regular(path)
        } catch {
            throw .unusable(path, reason: error.reason)
        }
    }

    private static func open(
        _ path: String,
        flags: Int32
    ) throws(InputFailure) -> FileDescriptor {
        do throws(SystemCallError) {
            return try FileDescriptor(opening: path, flags: flags)
        } catch {
            throw .unusable(path, reason: error.reason)
        }
    }
}

/// A file that is written from its start on, and digested meanwhile.
private struct PlainFile: ~Copyable {
    let file: FileDescriptor
    private(set) var byteCount = 0
    private var digest = XXH3.Stream()

    init(_ file: consuming FileDescriptor) {
        self.file = file
    }

    var plain: Spool.Plain { Spool.Plain(byteCount: byteCount, digest: digest.digest) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(InputFailure) {
        do throws(SystemCallError) {
            try file.write(bytes, at: byteCount)
        } catch {
            throw .unusable(file.path, reason: error.reason)
        }
        digest.append(bytes)
        byteCount += bytes.count
    }
}
