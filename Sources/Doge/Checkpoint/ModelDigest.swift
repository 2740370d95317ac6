import CSodium
import Glibc

/// One name for all bytes of a model, so that two machines can tell whether they have the same.
package struct ModelDigest {
    /// Digest, in hex, of a manifest: a line "name<tab>size<tab>sha256" per file, sorted by name.
    ///
    /// The files are config.json and tokenizer.json, tokenizer_config.json and
    /// generation_config.json where present, and the weights with their index. Reads every byte.
    package static func compute(directory: String) throws(ModelError) -> String {
        var names = ["config.json", "tokenizer.json"]
        for name in ["tokenizer_config.json", "generation_config.json", WeightsIndex.index]
        where access("\(directory)/\(name)", F_OK) == 0 {
            names.append(name)
        }
        names += try WeightsIndex.fileNames(directory: directory)
        var manifest = ""
        for name in names.sorted() {
            let file = try MappedFile(path: "\(directory)/\(name)")
            manifest += "\(name)\t\(file.bytes.count)\t\(sha256(file.bytes))\n"
        }
        return Array(manifest.utf8).withUnsafeBytes { sha256($0) }
    }

    private static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        crypto_hash_sha256(&digest, start, UInt64(bytes.count))
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
