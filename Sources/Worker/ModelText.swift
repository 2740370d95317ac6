import Doge
import Synchronization
import Tokenization

/// What turns records into a model's tokens and its numbers into answers: all but the weights.
///
/// Small, and so open beside that of another model whose weights still compute. Sendable though it
/// holds scratch: only the thread that reads shards tokenizes.
final class ModelText: @unchecked Sendable {
    let path: String
    let digest: String?
    let tokenizer: Tokenizer
    let scratch: TokenizerScratch
    let configuration: DogeConfiguration
    /// What the model's files say of making texts, or why that cannot be used: read once, with the
    /// bytes that the digest is of.
    let generation: Result<GenerationDefaults, ModelError>
    /// What the files held when they were checked; nil where any model is right.
    private let checked: ModelDigest?
    private let stale = Atomic(false)

    /// The most tokens of a record where the job names no limit.
    var maxLength: Int { configuration.maxPositionEmbeddings }

    /// Reads the small files, after a check that the model is the one of the job.
    ///
    /// - Parameters:
    ///   - digest: nil where any model is right, and then no byte is read for it.
    ///   - known: digests of files that have not changed.
    init(path: String, digest: String?, known: DigestCache? = nil) throws(LoadFailure) {
        checked = try digest.map { digest throws(LoadFailure) in try Self.check(path, digest, known)
        }
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(directory: path)
        } catch {
            throw .tokenizer(error)
        }
        do throws(ModelError) {
            configuration = try DogeConfiguration(directory: path)
        } catch {
            throw .model(error)
        }
        scratch = tokenizer.makeScratch()
        generation = Result { () throws(ModelError) in try GenerationDefaults(directory: path) }
        self.path = path
        self.digest = digest
    }

    /// Whether the files may have changed since they were checked.
    var isStale: Bool { stale.load(ordering: .acquiring) }

    /// Any thread: the weights could not be opened, so the files shall be checked again.
    func expire() { stale.store(true, ordering: .releasing) }

    /// Refuses weights whose files do not hold, or no longer, what was checked; any thread.
    func check(_ model: DogeModel) throws(LoadFailure) {
        guard let checked else { return }
        do throws(ModelError) {
            try model.check(against: checked)
        } catch {
            throw .model(error)
        }
    }

    private static func check(
        _ path: String,
        _ digest: String,
        _ known: DigestCache?
    ) throws(LoadFailure) -> ModelDigest {
        let found: ModelDigest
        do throws(ModelError) {
            found = try ModelDigest.compute(directory: path, cache: known)
        } catch {
            throw .model(error)
        }
        guard found.text == digest else {
            throw .otherModel(path: path, expected: digest, got: found.text)
        }
        return found
    }
}
