import Platform

/// A call of the system that is made to fail in a traced process.
package struct Injection {
    /// The calls' names, with commas between them.
    package var calls: String
    /// What befalls it, in strace's words: "signal=KILL", "error=EIO".
    package var fault: String
    /// At which call of each thread, from 1 on.
    package var number: Int

    /// Describes a fault at each thread's call of that number.
    package init(_ fault: String, at calls: String, number: Int) {
        self.fault = fault
        self.calls = calls
        self.number = number
    }

    /// Whether the tracer is installed.
    package static var canTrace: Bool { Files.exists("/usr/bin/strace") }

    /// Words before a program's own that have it traced; it stays the child of whoever starts it.
    ///
    /// - Parameter log: where the tracer tells of each call.
    package func wrapper(log: String) -> [String] {
        [
            "strace", "-D", "-f", "-qq", "-e", "signal=none", "-o", log,
            "-e", "trace=\(calls)", "-e", "inject=\(calls):\(fault):when=\(number)",
        ]
    }

    /// How many calls were made to fail, by the tracer's own word; of kills it has none.
    package static func count(inLog log: String) -> Int {
        Text.of(log).ranges(of: "(INJECTED)").count
    }
}
