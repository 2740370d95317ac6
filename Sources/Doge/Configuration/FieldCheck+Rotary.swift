import Glibc

extension FieldCheck {
    /// The fields that an object of rotary fields may have; a type ignores those of other types.
    private static let rotaryFields: Set<String> = [
        "attention_factor", "beta_fast", "beta_slow", "factor", "high_freq_factor", "long_factor",
        "low_freq_factor", "mscale", "mscale_all_dim", "original_max_position_embeddings",
        "partial_rotary_factor", "rope_theta", "rope_type", "short_factor", "truncate", "type",
    ]

    /// The rotary fields: `rope_scaling` of older files wins over `rope_parameters` of newer ones.
    func rotary(headDimension: Int, trained: Int) throws(ModelError) -> Rotary {
        let older = try object("rope_scaling")
        let newer = try object("rope_parameters")
        let reader = RotaryReader(
            file: self,
            fields: older ?? newer,
            headDimension: headDimension,
            trained: trained
        )
        let names = (older ?? newer)?.values.keys.sorted() ?? []
        if let name = names.first(where: { !FieldCheck.rotaryFields.contains($0) }) {
            let object = older == nil ? "rope_parameters" : "rope_scaling"
            throw .unknownField(path: path, field: "\(object).\(name)")
        }
        return try reader.rotary()
    }
}

/// Puts the rotary fields of a file together, with the precedence that transformers gives them.
private struct RotaryReader {
    let file: FieldCheck
    /// The object of rotary fields, if the file has one.
    let fields: FieldCheck?
    let headDimension: Int
    let trained: Int

    /// The object, or the file itself where there is none and its fields must be absent.
    private var inner: FieldCheck { fields ?? file }

    func rotary() throws(ModelError) -> Rotary {
        let name = try type()
        let place = fields?.has("rope_theta") == true ? inner : file
        let theta = try place.number("rope_theta") ?? 10_000
        guard theta > 0, theta != 1 || name != "yarn" else {
            let expected = name == "yarn" ? "above 0 and not 1" : "above 0"
            throw place.bad("rope_theta", expected, "\(theta)")
        }
        let kind: Rotary.Kind
        var attentionFactor = 1.0
        switch name {
        case "default": kind = .plain
        case "linear": kind = .linear(factor: try positive("factor"))
        case "dynamic": kind = .dynamic(factor: try positive("factor"), trained: trained)
        case "yarn":
            let yarn = try yarn()
            kind = .yarn(yarn)
            attentionFactor = try yarnAttention(yarn.factor)
        case "longrope":
            kind = try longrope()
            attentionFactor = try longropeAttention()
        case "llama3":
            kind = .llama3(
                factor: try positive("factor"),
                low: try positive("low_freq_factor"),
                high: try positive("high_freq_factor"),
                original: try original()
            )
        case "proportional": kind = try proportional()
        default:
            let known = "default, linear, dynamic, yarn, longrope, llama3, proportional"
            throw inner.unknown("rope_type", name, known: known)
        }
        let width = try width(name)
        guard name != "dynamic" || width > 2 else {
            throw file.bad("head_dim", "above 2 with rope_type dynamic", "\(headDimension)")
        }
        return Rotary(
            kind: kind,
            theta: theta,
            headDimension: headDimension,
            width: width,
            attentionFactor: attentionFactor
        )
    }

    private func type() throws(ModelError) -> String {
        guard let fields else { return "default" }
        if fields.has("rope_type") { return try fields.text("rope_type") ?? "default" }
        return try fields.text("type") ?? "default"
    }

    /// The dimensions that frequencies are spread over.
    ///
    /// A part of the head makes as many pairs as the head has only where rounding up does; with
    /// fewer, transformers' model stops at the first token. The type default takes no part.
    private func width(_ type: String) throws(ModelError) -> Int {
        guard type != "default", type != "proportional" else { return headDimension }
        let partial = try partial() ?? 1
        let share = Double(headDimension) * partial
        let width = share > 0 && share < 2 * Double(headDimension) ? Int(share) : 0
        let fits = width == headDimension || width == headDimension - 1 && type != "yarn"
        guard fits, width > 0 else {
            let known = "1 with rope_type \(type)"
            throw inner.unknown("partial_rotary_factor", "\(partial)", known: known)
        }
        return width
    }

    private func partial() throws(ModelError) -> Double? {
        if let fields, fields.has("partial_rotary_factor") {
            return try fields.number("partial_rotary_factor")
        }
        return try file.number("partial_rotary_factor", orNull: true)
    }

    private func proportional() throws(ModelError) -> Rotary.Kind {
        let partial = try partial() ?? 1
        let pairs = (partial * Double(headDimension) / 2).rounded(.down)
        guard pairs >= 0, pairs <= Double(headDimension / 2) else {
            throw inner.bad("partial_rotary_factor", "from 0 to 1", "\(partial)")
        }
        let factor = inner.has("factor") ? try positive("factor") : 1
        return .proportional(factor: factor, rotated: Int(pairs))
    }

    private func yarn() throws(ModelError) -> Rotary.Yarn {
        let original = try original()
        guard inner.has("factor") else { throw inner.bad("factor", "a number or null", "absent") }
        func beta(_ name: String, absent: Double) throws(ModelError) -> Double {
            let beta = try inner.number(name, orNull: true) ?? 0
            guard beta >= 0 else { throw inner.bad(name, "above 0", "\(beta)") }
            return beta == 0 ? absent : beta
        }
        // An absent flag truncates, null does not: transformers asks the one for its truth.
        let truncates = try inner.flag("truncate", orNull: true) ?? !inner.has("truncate")
        return Rotary.Yarn(
            factor: try ratio(original),
            original: original,
            betaFast: try beta("beta_fast", absent: 32),
            betaSlow: try beta("beta_slow", absent: 1),
            truncates: truncates
        )
    }

    private func yarnAttention(_ factor: Double) throws(ModelError) -> Double {
        if let given = try inner.number("attention_factor", orNull: true) { return given }
        let mscale = try inner.number("mscale", orNull: true) ?? 0
        let all = try inner.number("mscale_all_dim", orNull: true) ?? 0
        let attention = Rotary.Yarn.attentionFactor(factor, mscale: mscale, all: all)
        guard attention.isFinite else {
            throw inner.bad("mscale_all_dim", "such that a factor results", "\(all)")
        }
        return attention
    }

    private func longrope() throws(ModelError) -> Rotary.Kind {
        let pairs = headDimension / 2
        func factors(_ name: String) throws(ModelError) -> [Double] {
            let expected = "a list of \(pairs) numbers above 0"
            let list = try inner.value(name, expected) { value in
                value.list.flatMap { list in
                    let numbers = list.compactMap(\.number).filter { $0 > 0 }
                    let fits = [pairs, 1].contains(numbers.count) && numbers.count == list.count
                    return fits ? numbers : nil
                }
            }
            guard let list else { throw inner.bad(name, expected, "absent") }
            // One number stands for all, as a tensor of one element does.
            return list.count == pairs ? list : Array(repeating: list[0], count: pairs)
        }
        return .longrope(
            short: try factors("short_factor"),
            long: try factors("long_factor"),
            original: try original()
        )
    }

    private func longropeAttention() throws(ModelError) -> Double {
        if let given = try inner.number("attention_factor", orNull: true) { return given }
        let original = try original()
        let factor = try ratio(original)
        guard factor > 1 else { return 1 }
        let attention = (1 + log(factor) / log(original)).squareRoot()
        guard attention.isFinite else {
            throw inner.bad("original_max_position_embeddings", "above 1", "\(original)")
        }
        return attention
    }

    /// The factor, or where it is null or absent the ratio of positions to those of old.
    private func ratio(_ original: Double) throws(ModelError) -> Double {
        guard try inner.number("factor", orNull: true) != nil else {
            return Double(trained) / original
        }
        return try positive("factor")
    }

    /// The positions of pretraining: outside the object before inside, then the present ones.
    private func original() throws(ModelError) -> Double {
        let name = "original_max_position_embeddings"
        let place = file.has(name) ? file : inner
        let value = try place.number(name) ?? Double(trained)
        guard value > 0 else { throw place.bad(name, "above 0", "\(value)") }
        return value
    }

    private func positive(_ name: String) throws(ModelError) -> Double {
        guard let value = try inner.number(name) else {
            throw inner.bad(name, "a number", "absent")
        }
        guard value > 0 else { throw inner.bad(name, "above 0", "\(value)") }
        return value
    }
}
