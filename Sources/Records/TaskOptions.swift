import FoundationEssentials

/// What a job asks of every record: all of it changes answers.
package struct TaskOptions: Equatable, Sendable {
    /// What the model shall do with a text.
    package enum Task: String, Codable, Sendable, CaseIterable {
        /// One label for each text: the model's own ones, or choices that a causal model weighs.
        case classify
        /// A text that goes on from each text.
        case generate
        /// A vector for each text.
        case embed
        /// How probable each text is.
        case score
    }

    /// The type in which the engine computes.
    package enum NumberType: String, Codable, Sendable, CaseIterable {
        /// IEEE 754 binary32 throughout.
        case f32
        /// Products of numbers rounded to bfloat16, summed in binary32.
        case bf16
        /// Products of whole numbers with scales, where weights are one factor; else bfloat16.
        case int8
    }

    /// The end at which a text that is too long is cut.
    package enum Truncation: String, Codable, Sendable, CaseIterable {
        /// What is on this side is cut off: `right` keeps the beginning.
        case left, right
    }

    /// By what choices are weighed against each other.
    package enum ChoiceScore: String, Codable, Sendable, CaseIterable {
        /// The log-probability of a whole choice, or of its tokens on average.
        case sum, mean
    }

    /// Which states of the model become a text's vector.
    package enum Pooling: String, Codable, Sendable, CaseIterable {
        /// The last token's state, or the mean of all.
        case last, mean
    }

    /// Limits of a line that may be asked for, bytes.
    package static let lineBytes = 64...16 << 20
    /// Limits of a record that may be asked for, tokens.
    package static let lengths = 1...1 << 20
    /// Numbers of named labels that may be asked for.
    package static let labelCounts = 1...100_000

    /// Decides which kind of model is needed and what an answer holds.
    package var task: Task = .classify
    /// The checkpoint's own type is another matter: it is converted.
    package var dtype: NumberType = .f32
    /// The field that holds a record's text; nil for `text`, or the first of `prompt` and `text`
    /// where texts are generated.
    package var textField: String?
    /// The field that holds a record's id.
    package var idField = "id"
    /// Fields that are passed on from record to answer.
    package var carry: [String] = []
    /// The most tokens of a record; nil for the model's own limit.
    package var maxLength: Int?
    /// Where a longer record is cut; nil makes it an error answer.
    package var truncate: Truncation?
    /// How many labels an answer names; nil for all.
    package var topLabels: Int?
    /// Whether answers hold ids of tokens: the answer's own where texts are generated, else the
    /// input's.
    package var tokenIDs = false
    /// The longest line, bytes; a longer one gets an error answer.
    package var maxLineBytes = 4 << 20
    /// The labels that a causal model chooses from; empty for a model that has labels itself.
    package var choices: [String] = []
    /// The softmax over these weights gives the choices' scores.
    package var choiceScore: ChoiceScore = .sum
    /// Only for the task embed.
    package var pooling: Pooling = .last
    /// With a record's number in the job, what its random numbers begin with.
    package var seed: UInt64 = 0
    /// What counts more than the records' own fields; only for the task generate.
    package var generation = GenerationOptions()

    /// What a job asks for that names nothing: classify in f32, nothing carried or cut.
    package init() {}

    /// What is wrong with choices; nil where nothing is, or where there are none.
    package static func fault(ofChoices choices: [String]) -> OptionFault? {
        let got: String
        if choices.isEmpty {
            return nil
        } else if choices.contains("") {
            got = "an empty one"
        } else if choices.count == 1 {
            got = "only one"
        } else if Set(choices.map { Array($0.utf8) }).count < choices.count {
            got = "one of them twice"
        } else {
            return nil
        }
        return OptionFault(name: "choices", expected: "two or more texts that differ", got: got)
    }

    /// The first of the options for choices and generation that is not allowed; nil where all are.
    package var fault: OptionFault? {
        Self.fault(ofChoices: choices) ?? generation.fault
    }

    /// Reads options from JSON; throws Foundation's `DecodingError`.
    package static func decode(_ text: String) throws -> TaskOptions {
        try JSONDecoder().decode(TaskOptions.self, from: Data(text.utf8))
    }
}
