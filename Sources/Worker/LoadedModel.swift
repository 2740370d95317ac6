import Doge
import Tokenization

/// A model that is ready to compute: weights, tokenizer, and the team of threads.
final class LoadedModel {
    let digest: String
    let tokenizer: Tokenizer
    let scratch: TokenizerScratch
    let engine: Engine
    let labels: [String]
    /// The most tokens of a record where the job names no limit.
    let maxLength: Int

    /// Opens the model and checks that it is the one that the job was submitted with.
    init(path: String, digest: String, threads: Int) throws(LoadFailure) {
        let found: String
        do throws(ModelError) {
            found = try ModelDigest.compute(directory: path)
        } catch {
            throw .model(error)
        }
        guard found == digest else {
            throw .otherModel(path: path, expected: digest, got: found)
        }
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(directory: path)
        } catch {
            throw .tokenizer(error)
        }
        scratch = tokenizer.makeScratch()
        do throws(ModelError) {
            let model = try DogeModel(directory: path)
            engine = try Engine(model: model, threads: threads)
            labels = model.configuration.labels
            maxLength = model.configuration.maxPositionEmbeddings
        } catch {
            throw .model(error)
        }
        self.digest = digest
    }
}

/// Why a model cannot be used.
enum LoadFailure: Error, CustomStringConvertible {
    case model(ModelError)
    case tokenizer(TokenizerError)
    case otherModel(path: String, expected: String, got: String)

    var description: String {
        switch self {
        case .model(let error): error.description
        case .tokenizer(let error): error.description
        case .otherModel(let path, let expected, let got):
            "the model in \(path) is not the one that the job was submitted with "
                + "(digest \(got.prefix(12)), expected \(expected.prefix(12))); "
                + "put the same files there on every host"
        }
    }
}
