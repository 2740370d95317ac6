import CommandLine
import Glibc
import TestChaos

/// The program `kennel-chaos`: does scenarios to real processes, and prints what came of each.
enum ChaosCommand {
    /// In the order in which `all` does them.
    private static let scenarios: [any Scenario.Type] = Scenarios.all

    private static let specification = CommandSpecification(
        name: "kennel-chaos",
        summary: "Do real faults to real processes, and hold the output against what must stand.",
        discussion: scenarios.map { "\($0.name): \($0.summary)" }.joined(separator: "\n\n"),
        arguments: [
            ArgumentSpecification("SCENARIO", count: .zeroOrMore, "What to do; all without one.")
        ],
        options: [
            .value("times", "N", "how often the fault is made"),
            .value("seed", "S", default: .value("1"), "draws times and victims"),
            .flag("long", "take as long as the figures of the release ask for"),
        ],
        exitCodes: [.init(0, "no promise was broken"), .init(1, "one was")]
    )

    static func run(_ words: [String]) -> Int32 {
        do throws(UsageError) {
            switch try specification.parse(words) {
            case .help(let page):
                print(page.text(width: 100), terminator: "")
                return 0
            case .version: return 0
            case .command(let command): return try run(command)
            }
        } catch {
            print("kennel-chaos: \(error)")
            return 64
        }
    }

    private static func run(_ command: ParsedCommand) throws(UsageError) -> Int32 {
        let size = ScenarioSize(
            seed: UInt64(try command.int("seed", in: 0...(.max)) ?? 1),
            isLong: command.flag("long"),
            times: try command.int("times", in: 1...1_000_000)
        )
        var chosen = scenarios
        if !command.arguments.isEmpty {
            chosen = []
            for name in command.arguments {
                guard let scenario = scenarios.first(where: { $0.name == name }) else {
                    print("kennel-chaos: there is no scenario \(name)")
                    return 64
                }
                chosen.append(scenario)
            }
        }
        var isRight = true
        for scenario in chosen where !perform(scenario, size) { isRight = false }
        return isRight ? 0 : 1
    }

    private static func perform(_ scenario: any Scenario.Type, _ size: ScenarioSize) -> Bool {
        let began = ContinuousClock.now
        var report = ScenarioReport()
        do {
            report = try scenario.run(size)
        } catch {
            report.violations.append("\(error)")
        }
        let seconds = Int((ContinuousClock.now - began) / .seconds(1))
        print(
            "\(scenario.name): \(report.line); \(seconds) s, \(report.violations.count) violations"
        )
        for violation in report.violations { print("  \(violation)") }
        // A line is seen as soon as it is there, also through a pipe.
        fflush(nil)
        return report.violations.isEmpty
    }
}
