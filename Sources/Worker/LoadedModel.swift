package import Doge
package import Tokenization

/// A model that is ready to compute: weights, tokenizer, and the team of threads.
///
/// Sendable though it holds scratch: only who reads a shard tokenizes, and shards are read in turn.
final class LoadedModel: @unchecked Sendable {
    let digest: String?
    let tokenizer: Tokenizer
    let scratch: TokenizerScratch
    let engine: Engine
    let labels: [String]
    /// What the model's files say of making texts, or why that cannot be used: read once, with the
    /// bytes that the digest is of.
    let generation: Result<GenerationDefaults, ModelError>
    /// The most tokens of a record where the job names no limit.
    let maxLength: Int

    /// Opens the model and checks that it is the one that the job was submitted with.
    ///
    /// - Parameter digest: nil where any model is right, and then no byte is read for it.
    init(
        path: String,
        digest: String?,
        threads: Int,
        cacheBytes: Int = Engine.cacheBytesDefault
    ) throws(LoadFailure) {
        if let digest { try Self.check(path, digest) }
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(directory: path)
        } catch {
            throw .tokenizer(error)
        }
        scratch = tokenizer.makeScratch()
        do throws(ModelError) {
            let model = try DogeModel(directory: path)
            engine = try Engine(model: model, threads: threads, cacheBytes: cacheBytes)
            labels = model.configuration.labels
            maxLength = model.configuration.maxPositionEmbeddings
        } catch {
            throw .model(error)
        }
        generation = Result { () throws(ModelError) in try GenerationDefaults(directory: path) }
        self.digest = digest
    }

    private static func check(_ path: String, _ digest: String) throws(LoadFailure) {
        let found: String
        do throws(ModelError) {
            found = try ModelDigest.compute(directory: path)
        } catch {
            throw .model(error)
        }
        guard found == digest else {
            throw .otherModel(path: path, expected: digest, got: found)
        }
    }
}

/// Why a model cannot be used.
package enum LoadFailure: Error, CustomStringConvertible {
    /// Its weights or configuration.
    case model(ModelError)
    /// Its tokenizer.
    case tokenizer(TokenizerError)
    /// It is not the one that was asked for.
    case otherModel(path: String, expected: String, got: String)
    /// A choice of which the tokenizer makes no token.
    case choice(String)
    /// A choice with a token of which the model knows nothing.
    case unknownChoice(String, token: Int32, vocabularySize: Int)

    /// One sentence that names the file and what was wrong.
    package var description: String {
        switch self {
        case .model(let error): error.description
        case .tokenizer(let error): error.description
        case .choice(let choice):
            "the choice \"\(choice)\" has not one token for this model; leave it out"
        case .unknownChoice(let choice, let token, let size):
            "the choice \"\(choice)\" has the token \(token), outside the model's vocabulary of "
                + "\(size); put the tokenizer there that the model was trained with"
        case .otherModel(let path, let expected, let got):
            "the model in \(path) is not the one that the job was submitted with "
                + "(digest \(got.prefix(12)), expected \(expected.prefix(12))); "
                + "put the same files there on every host"
        }
    }
}
