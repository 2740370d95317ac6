import Testing

@Suite("Tokenization") struct TokenizationTests {}
