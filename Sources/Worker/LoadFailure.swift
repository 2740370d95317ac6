package import Doge
package import Tokenization

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
