private import CXXHash

/// XXH3-128 digests: of shards and results, against mistakes, not against malice.
package enum XXH3 {
    /// 128 bits that tell bytes from others.
    package struct Digest: Equatable, Sendable {
        /// The first 64 bits of the canonical form.
        package let high: UInt64
        /// The last 64 bits.
        package let low: UInt64

        fileprivate init(_ hash: XXH128_hash_t) {
            high = hash.high64
            low = hash.low64
        }

        /// All bits in hexadecimal.
        package var text: String {
            [high, low].map { word in
                let digits = String(word, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
        }
    }

    /// The digest of `bytes`.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest {
        Digest(XXH3_128bits(bytes.baseAddress, bytes.count))
    }

    /// The digest of an array of bytes.
    package static func digest(_ bytes: [UInt8]) -> Digest {
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
        package var digest: Digest { Digest(XXH3_128bits_digest(state)) }
    }
}
