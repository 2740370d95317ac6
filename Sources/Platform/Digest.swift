private import CXXHash

/// XXH3-128 digests: of shards and results, against mistakes, not against malice.
package enum XXH3 {
    /// The digest of `bytes` as its high and low 64 bits.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64) {
        let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
        return (hash.high64, hash.low64)
    }

    /// The digest of an array of bytes as its high and low 64 bits.
    package static func digest(_ bytes: [UInt8]) -> (high: UInt64, low: UInt64) {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// The digest of a whole file, read a piece at a time.
    package static func digest(
        ofFile path: String
    ) throws(SystemCallError) -> (high: UInt64, low: UInt64) {
        let file = try FileDescriptor(opening: path)
        let state = XXH3_createState()
        defer { XXH3_freeState(state) }
        XXH3_128bits_reset(state)
        var offset = 0
        while true {
            let bytes = try file.read(count: 1 << 20, at: offset)
            if bytes.isEmpty { break }
            bytes.withUnsafeBytes { _ = XXH3_128bits_update(state, $0.baseAddress, $0.count) }
            offset += bytes.count
        }
        let hash = XXH3_128bits_digest(state)
        return (hash.high64, hash.low64)
    }
}
