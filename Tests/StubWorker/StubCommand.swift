import CommandLine
import Doge
import Glibc
import Platform
import Wire
import Worker

/// The program `kennel-stub-worker`: a worker whose engine is a few lines, for tests of the rest.
enum StubCommand {
    private static let specification = CommandSpecification(
        name: "kennel-stub-worker",
        summary: "Work for a coordinator without a model.",
        discussion: """
            Answers each line with its number and checksum. With --marks a line that holds KILL \
            ends the process, HANG is never answered, FLOOD gives an answer larger than any result \
            may be, and FAIL is refused with a sentence.
            """,
        options: [
            .value("coordinator", "ADDRESS", "the coordinator's endpoint"),
            .value("instance", "NAME", default: .value("stub"), "the worker's name"),
            .value("machine", "NAME", default: .value("host"), "the host that it claims to run on"),
            .value("slots", "N", default: .value("1"), "shards at a time"),
            .value("delay", "MS", default: .value("0"), "milliseconds that a shard takes"),
            .flag("marks", "do what lines ask for"),
            .value(
                "pass-limit",
                "MS",
                default: .described("five minutes"),
                "milliseconds that a shard may take on after it was taken away"
            ),
            .flag("tell", "print the first line of each shard that is computed"),
        ]
    )

    static func run(_ words: [String]) -> Int32 {
        do throws(UsageError) {
            switch try specification.parse(words) {
            case .help(let page): print(page.text(width: 100), terminator: "")
            case .version: break
            case .command(let command): return try run(command)
            }
            return 0
        } catch {
            print("kennel-stub-worker: \(error)")
            return 64
        }
    }

    private static func run(_ command: ParsedCommand) throws(UsageError) -> Int32 {
        let slots = try command.int("slots", in: 1...1024) ?? 1
        let readsMarks = command.flag("marks")
        let tells = command.flag("tell")
        let delay = try command.int("delay", in: 0...60_000) ?? 0
        let passLimit = try command.int("pass-limit", in: 1...3_600_000)
        do throws(WireError) {
            var configuration = WorkerConfiguration(
                coordinator: try Endpoint.connecting(command.string("coordinator") ?? ""),
                instance: command.string("instance") ?? "stub",
                layout: .init(threads: 1),
                cacheMiB: 0,
                build: "stub",
                machineID: command.string("machine") ?? "host",
                bootID: "",
                cores: 1,
                memoryMiB: 0
            )
            if let passLimit { configuration.limits.pass = passLimit }
            let worker = Worker(configuration) { text, _ in
                let line = Array("kennel-stub-worker: \(text)\n".utf8)
                write(STDERR_FILENO, line, line.count)
            }
            drainOnSignal(worker)
            return try worker.run(slots: slots) { reporter in
                StubComputer(
                    reporter,
                    milliseconds: delay,
                    readsMarks: readsMarks,
                    tells: tells
                )
            }.code
        } catch {
            print("kennel-stub-worker: \(error)")
            return 78
        }
    }

    private static func drainOnSignal(_ worker: Worker) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        _ = OSThread(name: "signals") { [signals] in
            var signals = signals
            var signal: Int32 = 0
            while sigwait(&signals, &signal) == 0 { worker.drain() }
        }
    }
}
