extension FieldCheck {
    /// The rotary fields: `rope_scaling` of older files wins over `rope_parameters` of newer ones.
    func rotary(
        _ file: ConfigurationFile,
        headDimension: Int,
        trained: Int
    ) throws(ModelError) -> Rotary {
        let fields = file.rope_scaling ?? file.rope_parameters ?? ConfigurationFile.RopeFields()
        let theta = fields.rope_theta ?? file.rope_theta ?? 10_000
        guard theta > 0, theta.isFinite else { throw bad("rope_theta", "above 0", "\(theta)") }
        let name = fields.rope_type ?? fields.type ?? "default"
        let partial = fields.partial_rotary_factor ?? file.partial_rotary_factor ?? 1
        guard partial == 1 || name == "default" else {
            throw unknown("partial_rotary_factor", "\(partial)", known: "1")
        }
        let kind: Rotary.Kind
        switch name {
        case "default":
            kind = .plain
        case "linear":
            kind = .linear(factor: try ratio("factor", fields.factor))
        case "dynamic":
            let factor = try ratio("factor", fields.factor)
            guard headDimension > 2 else {
                throw bad("head_dim", "above 2 with rope_type dynamic", "\(headDimension)")
            }
            kind = .dynamic(factor: factor, trained: trained)
        case "llama3":
            kind = .llama3(
                factor: try ratio("factor", fields.factor),
                low: try ratio("low_freq_factor", fields.low_freq_factor),
                high: try ratio("high_freq_factor", fields.high_freq_factor),
                original: try ratio(
                    "original_max_position_embeddings",
                    file.original_max_position_embeddings
                        ?? fields.original_max_position_embeddings ?? Double(trained)
                )
            )
        default:
            throw unknown("rope_type", name, known: "default, linear, dynamic, llama3")
        }
        return Rotary(kind: kind, theta: theta, headDimension: headDimension)
    }

    private func ratio(_ field: String, _ value: Double?) throws(ModelError) -> Double {
        guard let value else { throw bad("rope \(field)", "a number", "absent") }
        guard value > 0, value.isFinite else { throw bad("rope \(field)", "above 0", "\(value)") }
        return value
    }
}
