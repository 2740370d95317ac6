import CDogeKernels

extension FieldCheck {
    func activation() throws(ModelError) -> Activation {
        let name = try text("hidden_act") ?? "silu"
        guard let activation = Activation.byName[name] else {
            let known = Activation.byName.keys.sorted().joined(separator: ", ")
            throw unknown("hidden_act", name, known: known)
        }
        return activation
    }

    func experts() throws(ModelError) -> ExpertConfiguration? {
        guard try flag("is_moe") ?? false else { return nil }
        let name = try text("router_layout") ?? ExpertConfiguration.Layout.transformers.rawValue
        guard let layout = ExpertConfiguration.Layout(rawValue: name) else {
            throw unknown("router_layout", name, known: "transformers, per_token")
        }
        let experts = ExpertConfiguration(
            count: try count("num_experts", absent: 16_384),
            perToken: try count("num_experts_per_tok", absent: 64),
            layout: layout
        )
        let most = min(experts.keys * experts.keys, Int(CK_EXPERTS_MAX))
        guard experts.perToken <= most else {
            throw bad("num_experts_per_tok", "at most \(most)", "\(experts.perToken)")
        }
        return experts
    }

    /// The sliding window; `layer_types`, which transformers' Doge does not ask, must agree.
    func slidingWindow(layerCount: Int) throws(ModelError) -> Int? {
        let field = "sliding_window"
        let window = try whole(field, orNull: true)
        let sliding = try window.map { value throws(ModelError) in try count(field, value) }
        guard has("layer_types"), values["layer_types"] != .null else { return sliding }
        let type = sliding == nil ? "full_attention" : "sliding_attention"
        let expected = "\(layerCount) times \(type), as \(field) says"
        guard let types = try texts("layer_types"), types.count == layerCount else {
            throw bad("layer_types", expected, values["layer_types"]?.description ?? "")
        }
        if let other = types.first(where: { $0 != type }) {
            throw bad("layer_types", expected, other)
        }
        return sliding
    }

    /// The padding token; one below 0 is no token's, as older files say "none".
    func padToken(vocabularySize: Int) throws(ModelError) -> Int32? {
        guard let token = try token("pad_token_id") else { return nil }
        guard token < vocabularySize else {
            throw bad("pad_token_id", "below \(vocabularySize)", "\(token)")
        }
        return token
    }

    /// Names by number; the numbers must run from 0 without gap.
    func labels() throws(ModelError) -> [String] {
        guard let fields = try object("id2label") else {
            let count = try count("num_labels", absent: 2)
            return (0..<count).map { "LABEL_\($0)" }
        }
        let count = fields.values.count
        var names: [String] = []
        for number in 0..<count {
            guard let name = try fields.text(String(number)) else {
                throw bad("id2label", "numbered from 0 to \(count - 1)", "without \(number)")
            }
            names.append(name)
        }
        if let twice = Dictionary(grouping: names, by: \.self).first(where: {
            $0.value.count > 1
        }) {
            throw bad("id2label", "a name of its own for each label", "\(twice.key) twice")
        }
        return names
    }

    func problemType(labelCount: Int) throws(ModelError) -> ProblemType {
        guard let name = try text("problem_type", orNull: true) else {
            return labelCount == 1 ? .multiLabel : .singleLabel
        }
        guard let type = ProblemType(rawValue: name) else {
            let known = "single_label_classification, multi_label_classification, regression"
            throw unknown("problem_type", name, known: known)
        }
        // A softmax over one label would say 1 of everything; transformers' pipeline does so too.
        return labelCount == 1 && type == .singleLabel ? .multiLabel : type
    }
}
