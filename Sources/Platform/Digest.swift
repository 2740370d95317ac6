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
}
