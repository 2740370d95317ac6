import Glibc
import Platform

/// Where the built programs lie, and what they are given.
package enum Programs {
    /// The folder of the program that runs now; the others are built beside it.
    private static let folder: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        return Files.directory(of: String(decoding: bytes, as: UTF8.self))
    }()

    /// The product.
    package static let kennel = "\(folder)/kennel"

    /// A worker without an engine.
    package static let stubWorker = "\(folder)/kennel-stub-worker"

    /// The layer that keeps aside what syncs made durable.
    package static let powerLoss = "\(folder)/libkennel-power-loss.so"

    /// A small model; only its digest counts, as stub workers load none.
    package static let model: String = {
        let tests = Files.directory(of: Files.directory(of: Files.directory(of: #filePath)))
        return "\(tests)/Reference/checkpoints/moe"
    }()
}
