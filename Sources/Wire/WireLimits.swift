/// Bounds that both ends keep and check.
package enum WireLimits {
    /// The oldest version of the protocol that this build speaks.
    package static let versionMin: UInt16 = 1
    /// The newest one.
    package static let versionMax: UInt16 = 1
    /// The layout of a header's fixed beginning, and of HELLO and REFUSE.
    ///
    /// It never changes: what two builds both speak is settled by the versions inside a HELLO, so
    /// each must be able to read the other's.
    package static let headerVersion: UInt16 = 1
    /// The largest header frame, bytes.
    package static let headerBytesMax = 4096
    /// The largest payload frame, bytes; also the size of a chunk.
    package static let payloadBytesMax = 256 << 10
    /// Chunks of one lease that may be under way without an acknowledgement.
    package static let chunksInFlightMax = 4
    /// The largest result of a shard, bytes.
    package static let resultBytesMax = 64 << 20
    /// The most leases that a list may name.
    package static let listCountMax = 128
    /// The largest text of a failure or a refusal, bytes.
    package static let textBytesMax = 3072
    /// The longest name of a worker, a machine or a build, bytes.
    package static let nameBytesMax = 256
    /// The most bytes of a model's path and a job's options together.
    package static let taskBytesMax = 3800
}
