import FoundationEssentials
import Platform
import Records
import TestSupport
import Testing

@testable import Worker

@Suite("Choices that a model cannot weigh", .timeLimit(.minutes(10)))
struct ChoiceVocabularyTests {
    private static let tests = Files.directory(of: Files.directory(of: #filePath))

    /// The example's tokenizer of 8,192 tokens beside a model that knows 1,210.
    private func mismatched() throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kennel-choices-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        let model = "\(Self.tests)/Reference/checkpoints/causal"
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                atPath: "\(model)/\(name)",
                toPath: "\(folder)/\(name)"
            )
        }
        let other = "\(Files.directory(of: Self.tests))/jobs/debian-sections/model"
        try FileManager.default.copyItem(
            atPath: "\(other)/tokenizer.json",
            toPath: "\(folder)/tokenizer.json"
        )
        return folder
    }

    @Test("a choice with a token beyond the model's vocabulary is refused")
    func unknownToken() async throws {
        let folder = try mismatched()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await onThread {
            let text = try ModelText(path: folder, digest: nil)
            var options = TaskOptions()
            options.choices = ["a", "those"]
            do throws(LoadFailure) {
                _ = try ContinuationMaker(text: text, options: options)
                Issue.record("the choice was taken")
            } catch {
                guard case .unknownChoice("those", let token, 1210) = error else { throw error }
                #expect(token >= 1210)
            }
        }
    }
}
