import Platform
import Synchronization

/// The weights files of a model, mapped, with every tensor's place known.
///
/// Tensors are known by the names of today, whatever the files call them.
final class Checkpoint: Sendable {
    let directory: String
    private let files: [Shard]
    private let places: [String: (file: Int, entry: TensorEntry)]
    /// Whether a tensor has a name that only early models gave.
    private let isOlder: Bool

    /// One mapped weights file; a class, as arrays hold no noncopyable values here.
    private final class Shard: @unchecked Sendable {  // a read-only mapping
        let file: MappedFile
        let header: SafetensorsHeader
        /// What the file was when it last held the bytes that it should.
        let found = Mutex<FileIdentity?>(nil)

        init(path: String) throws(ModelError) {
            file = try MappedFile(path: path)
            header = try SafetensorsHeader(file)
        }
    }

    init(directory: String) throws(ModelError) {
        self.directory = directory
        var files: [Shard] = []
        var places: [String: (file: Int, entry: TensorEntry)] = [:]
        var isOlder = false
        for name in try WeightsIndex.fileNames(directory: directory) {
            let shard = try Shard(path: "\(directory)/\(name)")
            for entry in shard.header.entries {
                let name = OlderNames.current(entry.name)
                isOlder = isOlder || name != entry.name || OlderNames.isOfOlderLayers(name)
                if let (_, other) = places.updateValue((files.count, entry), forKey: name) {
                    let reason =
                        other.name == entry.name
                        ? "tensor \(entry.name) stands in an earlier shard too"
                        : "\(entry.name) and \(other.name) name the same tensor"
                    throw .badHeader(path: shard.file.path, reason: reason)
                }
            }
            files.append(shard)
        }
        self.files = files
        self.places = places
        self.isOlder = isOlder
    }

    func contains(_ name: String) -> Bool { places[name] != nil }

    /// Refuses files without the tensor.
    func require(_ name: String) throws(ModelError) {
        guard contains(name) else { throw missing(name) }
    }

    private func missing(_ name: String) -> ModelError {
        .missingTensor(directory: directory, tensor: name, olderArchitecture: isOlder)
    }

    /// What the names of the body's tensors begin with: nothing in the file of a bare body.
    var bodyPrefix: String { contains("embed_tokens.weight") ? "" : "model." }

    /// Whether both tensors are there and stored with the same bytes.
    func areSame(_ one: String, _ other: String) -> Bool {
        guard let one = places[one], let other = places[other],
            one.entry.type == other.entry.type, one.entry.shape == other.entry.shape
        else { return false }
        let left = files[one.file].file.bytes[one.entry.bytes]
        let right = files[other.file].file.bytes[other.entry.bytes]
        return left.elementsEqual(right)
    }

    /// All tensors by the names of today, in the order of these.
    var tensors: [(name: String, entry: TensorEntry)] {
        places.map { ($0.key, $0.value.entry) }.sorted { $0.0 < $1.0 }
    }

    /// Refuses weights files that do not hold, byte for byte, what a digest was taken of.
    ///
    /// Any thread; a system call for each file that nobody has touched.
    func check(against digest: ModelDigest) throws(ModelError) {
        for shard in files {
            let path = shard.file.path
            guard let entry = digest.files[path],
                shard.found.withLock({ shard.file.holds(entry, found: &$0) })
            else { throw .written(path: path) }
        }
    }

    /// Bytes of all weights files.
    var byteCount: Int { files.reduce(0) { $0 + $1.file.bytes.count } }

    /// The tensor as f32, each number checked.
    func floats(_ name: String, shape: [Int]) throws(ModelError) -> FloatTensor {
        let tensor = try tensor(name, shape: shape)
        try tensor.checkFinite()
        return try FloatTensor(tensor)
    }

    /// The tensor as it is stored, its type and shape checked, its numbers not yet.
    func tensor(_ name: String, shape: [Int]) throws(ModelError) -> StoredTensor {
        guard let (index, entry) = places[name] else { throw missing(name) }
        let shard = files[index]
        let path = shard.file.path
        guard entry.shape == shape else {
            throw .badTensor(
                path: path,
                tensor: entry.name,
                field: "shape",
                expected: "\(shape)",
                got: "\(entry.shape)"
            )
        }
        guard [.f32, .f16, .bf16].contains(entry.type) else {
            throw .badTensor(
                path: path,
                tensor: entry.name,
                field: "type",
                expected: "F32, F16 or BF16",
                got: entry.type.rawValue
            )
        }
        return StoredTensor(
            UnsafeRawBufferPointer(rebasing: shard.file.bytes[entry.bytes]),
            entry.type,
            owner: shard,
            path: path,
            name: entry.name
        )
    }
}
