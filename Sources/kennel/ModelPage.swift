import CommandLine

/// The facts of a model for people: a name and a sentence a line.
struct ModelPage {
    /// Without a line end behind the last line.
    let text: String

    /// Labels that are shown.
    private static let labelsMax = 8

    init(_ facts: ModelFacts) {
        let groups = [
            Self.kind(facts), Self.sizes(facts), Self.files(facts), Self.words(facts),
            Self.memory(facts),
        ]
        let width = groups.joined().map(\.0.count).max() ?? 0
        text = groups.map { lines in
            lines.map { name, value in
                name + String(repeating: " ", count: width - name.count + 2) + value
            }.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private typealias Lines = [(String, String)]

    private static func kind(_ f: ModelFacts) -> Lines {
        var lines: Lines = [
            ("model", f.directory), ("architecture", f.architecture ?? "not named"),
            ("tasks", f.tasks.joined(separator: ", ")),
        ]
        if let labels = f.labels {
            let more = labels.count > labelsMax ? ", ..." : ""
            let first = labels.prefix(labelsMax).map(printable).joined(separator: ", ")
            lines.append(("labels", "\(labels.count): \(first)\(more)"))
            lines.append(("problem type", f.problem_type ?? "not named"))
        }
        return lines
    }

    private static func sizes(_ f: ModelFacts) -> Lines {
        let sliding = f.sliding_window.map { "; sliding window \($0)" } ?? ""
        var lines: Lines = [
            ("layers", "\(f.layers), hidden \(f.hidden_size), inner \(f.intermediate_size)"),
            (
                "heads",
                "\(f.query_heads) of queries, \(f.key_heads) of keys, \(f.head_dimension) wide"
            ),
            (
                "positions",
                "\(Quantity.grouped(f.positions)); "
                    + "keys kept \(Quantity.grouped(f.keep_window))\(sliding)"
            ),
            ("rotary", rotary(f)), ("activation", f.activation),
        ]
        if let experts = f.experts {
            let reachable =
                experts.reachable < experts.count
                ? " (\(Quantity.grouped(experts.reachable)) can be reached)" : ""
            lines.append(
                (
                    "experts",
                    "\(Quantity.grouped(experts.count))\(reachable) in each layer, "
                        + "\(experts.per_token) for each token, router layout \(experts.layout)"
                )
            )
        }
        lines.append(("parameters", Quantity.grouped(f.parameters)))
        if f.active_parameters < f.parameters {
            let active = Quantity.grouped(f.active_parameters)
            lines.append(
                (
                    "active",
                    "\(active) for each token: all, embeddings too, but the experts not consulted"
                )
            )
        }
        return lines
    }

    private static func rotary(_ f: ModelFacts) -> String {
        let numbers = f.rotary_numbers.sorted { $0.key < $1.key }
            .map { ", \($0.key) \(number($0.value))" }.joined()
        return "\(f.rotary), theta \(number(f.rope_theta))\(numbers)"
    }

    private static func files(_ f: ModelFacts) -> Lines {
        let types = f.stored_types.sorted { $0.key < $1.key }
            .map { "\($0.value) in \($0.key)" }.joined(separator: ", ")
        return [
            ("weights", "\(size(f.file_bytes)); \(f.tensors) tensors, \(types)"),
            ("digest", f.digest ?? "none without a tokenizer"),
        ]
    }

    private static func words(_ f: ModelFacts) -> Lines {
        var lines: Lines = [("vocabulary", Quantity.grouped(f.vocabulary))]
        if let tokenizer = f.tokenizer {
            let before = tokenizer.before.isEmpty ? "" : "; \(tokenizer.before.joined()) in front"
            let behind = tokenizer.behind.isEmpty ? "" : "; \(tokenizer.behind.joined()) behind"
            lines.append(
                (
                    "tokenizer",
                    "\(tokenizer.kind), \(Quantity.grouped(tokenizer.entries)) tokens, "
                        + "\(Quantity.grouped(tokenizer.merges)) merges, \(tokenizer.added) added, "
                        + "\(tokenizer.special) special\(before)\(behind)"
                )
            )
        } else {
            lines.append(("tokenizer", f.tokenizer_problem ?? "none"))
        }
        lines.append(("chat template", f.chat_template.map { "in \($0)" } ?? "none"))
        if let generation = f.generation { lines.append(("generation", defaults(generation))) }
        if let problem = f.generation_problem { lines.append(("generation", problem)) }
        return lines
    }

    private static func defaults(_ g: ModelFacts.Generation) -> String {
        var parts = [g.do_sample == true ? "sampling" : "greedy"]
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { parts.append("\(name) \(value)") }
        }
        add("temperature", g.temperature)
        add("top_k", g.top_k)
        add("top_p", g.top_p)
        add("min_p", g.min_p)
        add("repetition_penalty", g.repetition_penalty)
        add("max_new_tokens", g.max_new_tokens)
        add("max_length", g.max_length)
        let ends = g.end_tokens.map(String.init).joined(separator: " ")
        parts.append(ends.isEmpty ? "no end token" : "ends at token \(ends)")
        if let stop = g.stop, !stop.isEmpty {
            parts.append("or at " + stop.map(\.debugDescription).joined(separator: " "))
        }
        return parts.joined(separator: ", ")
    }

    private static func memory(_ f: ModelFacts) -> Lines {
        var lines: Lines = [
            (
                "memory",
                "\(sizes(f.weight_bytes_by_dtype, of: " of weights")), shared by all threads: "
                    + "embeddings, matrices (a tied head again), experts; packing adds a little"
            )
        ]
        if f.generation != nil || f.generation_problem != nil {
            lines.append(
                (
                    "cache",
                    "\(sizes(f.cache_bytes_per_token_by_dtype)) for each token of a growing text; "
                        + "\(sizes(f.cache_bytes_per_text_by_dtype)) for one of all positions"
                )
            )
        }
        return lines
    }

    /// Bytes in each type, f32 first; types of the same bytes stand together.
    private static func sizes(_ bytes: [String: Int], of what: String = "") -> String {
        let types = bytes.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        var parts: [String] = []
        var last: Int?
        for (type, count) in types {
            if count == last {
                parts[parts.count - 1] += " and \(type)"
            } else {
                parts.append("\(size(count))\(parts.isEmpty ? what : "") in \(type)")
            }
            last = count
        }
        return parts.joined(separator: ", ")
    }

    /// A text as it is, or quoted where it would move the cursor.
    private static func printable(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            ![.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
        return isPlain ? text : text.debugDescription
    }

    /// A whole number without its point.
    private static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }

    /// Bytes in the unit in which they read best.
    private static func size(_ bytes: Int) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1024, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        guard unit > 0 else { return "\(bytes) bytes" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
