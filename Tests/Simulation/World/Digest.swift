import Platform
import Scheduling

/// XXH3-128 of bytes.
func digest(of bytes: [UInt8]) -> ContentDigest {
    let digest = XXH3.digest(bytes)
    return ContentDigest(high: digest.high, low: digest.low)
}
