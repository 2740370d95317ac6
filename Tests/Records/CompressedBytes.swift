import CZlib
import CZstd

/// Compressed streams, made by the libraries' own compressors or byte by byte.
enum CompressedBytes {
    /// One gzip member.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        // 15 bits of window, and 16 more to ask for gzip's header.
        deflateInit2_(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                let status = deflate(&stream, Z_FINISH)
                precondition(status == Z_STREAM_END, "the bound is enough for one call")
            }
            count = output.count - Int(stream.avail_out)
        }
    }

    /// One zstd frame with a checksum.
    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        let bound = ZSTD_compressBound(bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            let to = output.baseAddress
            let status = ZSTD_compress2(context, to, output.count, bytes, bytes.count)
            precondition(ZSTD_isError(status) == 0, "the bound is enough for one call")
            count = status
        }
    }

    /// A frame that a reader of zstd passes over.
    static func skippableFrame(_ bytes: [UInt8], kind: UInt8 = 0) -> [UInt8] {
        [0x50 + kind, 0x2A, 0x4D, 0x18] + littleEndian(bytes.count, count: 4) + bytes
    }

    /// A zstd frame of one raw block, which asks for a window of two to the power of `windowLog`.
    static func zstdFrame(windowLog: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        zstdStart(windowLog: windowLog) + littleEndian(bytes.count << 3 | 1, count: 3) + bytes
    }

    /// A zstd frame of raw blocks of 100,000 bytes, with a block of no known type behind them.
    static func zstdWithUnknownBlock(behind blockCount: Int) -> [UInt8] {
        let block = littleEndian(100_000 << 3, count: 3) + [UInt8](repeating: 0x61, count: 100_000)
        let blocks = Array(repeating: block, count: blockCount).joined()
        return zstdStart(windowLog: 20) + blocks + [0x07, 0, 0]
    }

    /// A gzip member of stored blocks of 50,000 bytes, with a block of no known type behind them.
    static func gzipWithUnknownBlock(behind blockCount: Int) -> [UInt8] {
        let sizes = littleEndian(50_000, count: 2) + littleEndian(~50_000, count: 2)
        let block = [0x00] + sizes + [UInt8](repeating: 0x61, count: 50_000)
        let blocks = Array(repeating: block, count: blockCount).joined()
        // Magic number, deflate, no flags, no time, no extra flags, system unknown.
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255] + blocks + [0x07, 0, 0]
    }

    /// Magic number; no sizes, no checksum; window.
    private static func zstdStart(windowLog: UInt8) -> [UInt8] {
        [0x28, 0xB5, 0x2F, 0xFD, 0x00, (windowLog - 10) << 3]
    }

    private static func littleEndian(_ value: Int, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
