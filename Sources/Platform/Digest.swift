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

    /// The digest of bytes that come in pieces.
    package struct Stream: ~Copyable {
        private let state: OpaquePointer

        /// The digest of no bytes, to begin with.
        package init() {
            guard let state = XXH3_createState() else { preconditionFailure("out of memory") }
            self.state = state
            XXH3_128bits_reset(state)
        }

        deinit {
            XXH3_freeState(state)
        }

        /// Takes in what comes next.
        package mutating func append(_ bytes: UnsafeRawBufferPointer) {
            XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
        }

        /// The digest of all that came.
        package var digest: (high: UInt64, low: UInt64) {
            let hash = XXH3_128bits_digest(state)
            return (hash.high64, hash.low64)
        }
    }
}
