import FoundationEssentials
import Testing

@testable import Doge

@Suite("Loading of checkpoints") struct ModelLoadingTests {
    static let sequences: [[Int32]] = [[1], [3, 4], [5, 6, 7, 8, 9, 10, 11], [19, 0, 19]]

    private func logits(_ directory: String) throws -> [[Float]] {
        try Engine(model: DogeModel(directory: directory), threads: 1)
            .logits(of: Self.sequences)
    }

    private func refusal(_ model: TinyModel) throws -> String {
        try model.withFolder { directory in
            let error = #expect(throws: ModelError.self) { try DogeModel(directory: directory) }
            let text = error?.description ?? ""
            #expect(text.hasPrefix(directory), "\(text)")
            return text
        }
    }

    @Test("F32, F16 and BF16 of the same numbers give the same bits")
    func storage() throws {
        let expected = try TinyModel().withFolder(logits)
        #expect(Set(expected.joined()).count > 4)
        for storage in [TinyModel.Storage.f16, .bf16] {
            var model = TinyModel()
            for index in model.tensors.indices { model.tensors[index].storage = storage }
            #expect(try model.withFolder(logits) == expected)
        }
    }

    @Test("however many threads load it, the bits are the same", arguments: DataType.allCases)
    func threads(type: DataType) throws {
        for name in ["moe", "causal"] {
            let found = try [1, 2, 5].map { threads in
                let model = try DogeModel(
                    directory: Golden.checkpoint(name),
                    dataType: type,
                    threads: threads
                )
                return try Engine(model: model, threads: 1).embeddings(
                    of: Self.sequences,
                    pooling: .mean
                )
            }
            #expect(found[1] == found[0] && found[2] == found[0])
        }
    }

    @Test("pages of a file that were let go are read again, the same")
    func released() throws {
        var model = TinyModel()
        let values = (0..<20_000).map { Float($0) }
        model.tensors.append(
            TinyModel.Tensor(name: "large", shape: [20_000], values: values, storage: .f32)
        )
        try model.withFolder { directory in
            let checkpoint = try Checkpoint(directory: directory)
            let tensor = try checkpoint.tensor("large", shape: [20_000])
            let floats = try FloatTensor(tensor)
            for _ in 0..<2 {
                tensor.release()
                let found = UnsafeBufferPointer(start: floats.floats, count: floats.count)
                #expect(found.elementsEqual(values))
            }
            withExtendedLifetime(floats) {}
        }
    }

    @Test("the first number that is none is named, wherever in a large tensor it stands")
    func notFiniteInside() throws {
        for place in [0, 4095, 4096, 9_999] {
            var values = [Float](repeating: 1, count: 10_000)
            (values[place], values[9_999]) = (.nan, .infinity)
            var model = TinyModel()
            model.tensors.append(
                TinyModel.Tensor(name: "large", shape: [10_000], values: values, storage: .bf16)
            )
            try model.withFolder { directory in
                let tensor = try Checkpoint(directory: directory).tensor("large", shape: [10_000])
                let error = #expect(throws: ModelError.self) { try tensor.checkFinite() }
                #expect(error?.description.contains("element \(place) of tensor large") == true)
            }
        }
    }

    @Test("int8 is refused where its sums would overflow, the finer types are not")
    func wide() throws {
        var model = TinyModel()
        for (width, isRefused) in [(133_144, false), (133_145, true)] {
            model.configuration = TinyModel().configuration.replacing(
                "\"intermediate_size\": 12",
                with: "\"intermediate_size\": \(width)"
            )
            for type in DataType.allCases {
                let error = try model.withFolder { directory in
                    #expect(throws: ModelError.self) {
                        try DogeModel(directory: directory, dataType: type)
                    }
                }
                // The weights are those of another width, which is found next.
                let text = error?.description ?? ""
                let isWidth = text.contains("intermediate_size is \(width), which this engine")
                #expect(isWidth == (isRefused && type == .int8), "\(text)")
                #expect(isWidth || text.contains("the shape of tensor"), "\(text)")
            }
        }
    }

    @Test("f32 at an odd address is copied, not read where it lies")
    func alignment() throws {
        let expected = try TinyModel().withFolder(logits)
        var model = TinyModel()
        let odd = TinyModel.Tensor(name: "odd", shape: [1], values: [1], storage: .f16)
        model.tensors.insert(odd, at: 0)
        #expect(try model.withFolder(logits) == expected)
    }

    @Test("shards give the same bits as one file, and body names may lack their prefix")
    func shards() throws {
        let model = TinyModel()
        let expected = try model.withFolder(logits)
        let sharded = try model.withFolder { directory in
            let folder = URL(fileURLWithPath: directory)
            try FileManager.default.removeItem(
                at: folder.appendingPathComponent("model.safetensors")
            )
            let names = ["a.safetensors", "b.safetensors"]
            let parts = [model.tensors[..<9], model.tensors[9...]]
            var map: [String] = []
            for (name, part) in zip(names, parts) {
                let file = folder.appendingPathComponent(name)
                try TinyModel.file(Array(part)).write(to: file)
                map += part.map { "\"\($0.name)\":\"\(name)\"" }
            }
            let index = "{\"weight_map\":{\(map.joined(separator: ","))}}"
            let file = folder.appendingPathComponent("model.safetensors.index.json")
            try Data(index.utf8).write(to: file)
            return try logits(directory)
        }
        #expect(sharded == expected)
        var bare = model
        for index in bare.tensors.indices where bare.tensors[index].name.hasPrefix("model.") {
            bare.tensors[index].name.removeFirst(6)
        }
        #expect(try bare.withFolder(logits) == expected)
    }

    @Test("a shard's name may not lead out of the folder", arguments: ["../a", "/a", "", ".a"])
    func shardNames(name: String) throws {
        try TinyModel().withFolder { directory in
            let file = URL(fileURLWithPath: "\(directory)/model.safetensors.index.json")
            try Data("{\"weight_map\":{\"a\":\"\(name)\"}}".utf8).write(to: file)
            let error = #expect(throws: ModelError.self) { try DogeModel(directory: directory) }
            #expect(error?.description.contains("no plain file name") == true)
        }
    }

    @Test("a weight that is no number is named")
    func notFinite() throws {
        for value in [Float.nan, .infinity, -.infinity] {
            for suffix in [
                "up_embed.weight", "k_proj.weight", "embed_tokens.weight", "self_attn.A",
            ] {
                for storage in [TinyModel.Storage.f32, .f16, .bf16] {
                    var model = TinyModel()
                    model[suffix].storage = storage
                    model[suffix].values[model[suffix].values.count - 1] = value
                    let text = try refusal(model)
                    #expect(text.contains(suffix) && text.contains("not a number"), "\(text)")
                }
            }
        }
    }

    @Test("a tensor of another shape or absent is named")
    func shapes() throws {
        for tensor in TinyModel().tensors {
            var model = TinyModel()
            model[tensor.name].shape = [tensor.values.count, 1, 1]
            let shape = try refusal(model)
            #expect(shape.contains(tensor.name) && shape.contains("\(tensor.shape)"), "\(shape)")
            model = TinyModel()
            model.tensors.removeAll { $0.name == tensor.name }
            let absent = try refusal(model)
            #expect(absent.contains(tensor.name), "\(absent)")
        }
    }

    @Test("files that cannot be read are named")
    func unreadable() throws {
        try TinyModel.withFolder { folder in
            let missing = #expect(throws: ModelError.self) { try DogeModel(directory: folder.path) }
            #expect(missing?.description.contains("config.json cannot be read") == true)
        }
        try TinyModel().withFolder { directory in
            try FileManager.default.removeItem(atPath: "\(directory)/model.safetensors")
            let missing = #expect(throws: ModelError.self) { try DogeModel(directory: directory) }
            #expect(missing?.description.contains("model.safetensors cannot be read") == true)
        }
    }

    @Test("the digest changes with any byte and with nothing else")
    func digest() throws {
        func digest(_ directory: String) throws -> String {
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(directory)/tokenizer.json"))
            return try ModelDigest.compute(directory: directory, cache: nil).text
        }
        var model = TinyModel()
        let first = try model.withFolder(digest)
        #expect(first.count == 64)
        #expect(try model.withFolder(digest) == first)
        model["score.weight"].values[3] += 0.5
        #expect(try model.withFolder(digest) != first)
        let other = try TinyModel().withFolder { directory in
            let file = URL(fileURLWithPath: "\(directory)/tokenizer_config.json")
            try Data("{}".utf8).write(to: file)
            return try digest(directory)
        }
        #expect(other != first)
    }
}
