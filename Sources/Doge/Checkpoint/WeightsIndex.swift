import FoundationEssentials

/// Where the weights lie: one file, or the shards that an index names.
enum WeightsIndex {
    static let single = "model.safetensors"
    static let index = "model.safetensors.index.json"

    private struct Contents: Decodable {
        let weight_map: [String: String]
    }

    /// Names of the weights files inside `directory`, sorted; plain names only.
    static func fileNames(directory: String) throws(ModelError) -> [String] {
        let path = "\(directory)/\(index)"
        guard FileManager.default.fileExists(atPath: path) else { return [single] }
        let file = try MappedFile(path: path)
        let contents: Contents
        do {
            contents = try JSONDecoder().decode(Contents.self, from: Data(file.bytes))
        } catch {
            throw .badHeader(path: path, reason: "it holds no weight_map of tensor and file names")
        }
        let names = Set(contents.weight_map.values)
        for name in names where name.isEmpty || name.contains("/") || name.hasPrefix(".") {
            throw .badHeader(path: path, reason: "it names the shard \(name), no plain file name")
        }
        return names.sorted()
    }
}
