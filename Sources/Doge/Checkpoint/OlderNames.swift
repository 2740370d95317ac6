/// The tensor names of early Doge files, which transformers 4.48 and the authors' own code wrote.
enum OlderNames {
    private static let parts: [Substring: Substring] = [
        "word_embed": "embed_tokens",
        "final_layernorm": "norm",
        "pre_layernorm": "input_layernorm",
        "pre_residual": "input_residual",
        "post_layernorm": "post_attention_layernorm",
        "post_residual": "post_attention_residual",
        "feed_forward": "mlp",
    ]

    /// The name of today.
    static func current(_ name: String) -> String {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        for index in parts.indices {
            if let part = OlderNames.parts[parts[index]] { parts[index] = part }
        }
        // Residuals were modules of their own, with a weight inside.
        let isResidual = parts.dropLast().last?.hasSuffix("_residual") ?? false
        if isResidual, parts.last == "weight" { parts.removeLast() }
        return parts.joined(separator: ".")
    }

    /// Whether a tensor of today's name belongs to experts that were found by queries and keys.
    static func isOfOlderLayers(_ name: String) -> Bool {
        name.hasSuffix(".mlp.queries_proj.weight") || name.hasSuffix(".mlp.keys")
    }
}
