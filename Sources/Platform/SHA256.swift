private import COpenSSL
import Glibc

/// SHA-256: what names a model's bytes, against malice too.
///
/// OpenSSL's, which uses the processor's own instructions for it.
package struct SHA256: ~Copyable {
    /// Bytes of a digest.
    package static let byteCount = 32

    private let context: OpaquePointer

    /// Begins a digest of no bytes.
    package init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { preconditionFailure("OpenSSL always has SHA-256, and memory for its few bytes") }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes more bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "a digest takes any bytes")
    }

    /// The digest of all bytes that were taken.
    package consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        let status = EVP_DigestFinal_ex(context, &digest, nil)
        precondition(status == 1, "a digest ends once")
        return digest
    }

    /// The digest of an array of bytes.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        let digest = SHA256()
        bytes.withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }

    /// The digest of a whole file, read in pieces that stay in the processor's cache.
    package static func digest(of file: borrowing FileDescriptor) throws(SystemCallError) -> [UInt8]
    {
        let digest = SHA256()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { piece.deallocate() }
        var offset = 0
        while true {
            let count = try file.read(into: piece, at: offset)
            digest.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += count
            if count < piece.count { return digest.finish() }
        }
    }
}
