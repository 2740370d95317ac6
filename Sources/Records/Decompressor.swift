import CZlib
import CZstd

/// Unfolds a compressed stream, piece by piece: gzip members or zstd frames, one behind the other.
struct Decompressor: ~Copyable {
    /// What became of a piece.
    enum Step {
        /// So many bytes were taken and so many given.
        case progress(consumed: Int, produced: Int)
        case damaged(String)
    }

    private var gzip: UnsafeMutablePointer<z_stream>?
    private var zstd: OpaquePointer?
    /// Whether the stream may end here: behind a member or frame, not inside one.
    private(set) var isBetweenFrames = true

    /// Windows up to 128 MiB, as zstd's own tool takes them.
    private static let windowLogMax: Int32 = 27

    /// - Parameter kind: gzip or zstd.
    init(_ kind: InputSource.Kind) {
        switch kind {
        case .gzip:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            stream.initialize(to: z_stream())
            // 15 bits of window, and 16 more to say that headers are gzip's.
            let size = Int32(MemoryLayout<z_stream>.size)
            let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size)
            precondition(status == Z_OK, "zlib starts unless memory is out")
            gzip = stream
        case .zstd:
            zstd = ZSTD_createDCtx()
            ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, Self.windowLogMax)
        case .plain, .standardInput:
            preconditionFailure("only compressed input is decompressed")
        }
    }

    deinit {
        if let gzip {
            inflateEnd(gzip)
            gzip.deallocate()
        }
        ZSTD_freeDCtx(zstd)
    }

    /// Takes some of `input` and fills some of `output`.
    mutating func step(
        _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer
    ) -> Step {
        gzip == nil ? stepZstd(input, output) : stepGzip(input, output)
    }

    private mutating func stepZstd(
        _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer
    ) -> Step {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let status = ZSTD_decompressStream(zstd, &target, &source)
        guard ZSTD_isError(status) == 0 else {
            return .damaged(String(cString: ZSTD_getErrorName(status)))
        }
        isBetweenFrames = status == 0
        return .progress(consumed: source.pos, produced: target.pos)
    }

    private mutating func stepGzip(
        _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer
    ) -> Step {
        guard let gzip else { return .damaged("no stream") }
        let start = input.bindMemory(to: UInt8.self).baseAddress
        gzip.pointee.next_in = UnsafeMutablePointer(mutating: start)
        gzip.pointee.avail_in = UInt32(input.count)
        gzip.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        gzip.pointee.avail_out = UInt32(output.count)
        let status = inflate(gzip, Z_NO_FLUSH)
        let consumed = input.count - Int(gzip.pointee.avail_in)
        let produced = output.count - Int(gzip.pointee.avail_out)
        switch status {
        case Z_STREAM_END:
            inflateReset(gzip)
            isBetweenFrames = true
        case Z_OK, Z_BUF_ERROR:
            if consumed > 0 || produced > 0 { isBetweenFrames = false }
        default:
            let message = gzip.pointee.msg.map { String(cString: $0) } ?? "zlib code \(status)"
            return .damaged(message)
        }
        return .progress(consumed: consumed, produced: produced)
    }
}
