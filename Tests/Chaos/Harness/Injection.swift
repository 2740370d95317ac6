import Platform

/// A call of the system that is made to fail in a traced process.
package struct Injection {
    /// The call's name.
    package var call: String
    /// What befalls it, in strace's words: "signal=KILL", "error=EIO".
    package var fault: String
    /// At which call of each thread, from 1 on.
    package var number: Int

    /// Describes a fault at each thread's call of that number.
    package init(_ fault: String, at call: String, number: Int) {
        self.fault = fault
        self.call = call
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
            "-e", "trace=\(call)", "-e", "inject=\(call):\(fault):when=\(number)",
        ]
    }

    /// A command that traces a process which runs already, where it uses one of these paths.
    package func attaching(to process: Int32, paths: [String], log: String) -> [String] {
        [
            "strace", "-f", "-qq", "-e", "signal=none", "-o", log, "-p", "\(process)",
            "-e", "trace=\(call)", "-e", "inject=\(call):\(fault):when=\(number)",
        ] + paths.flatMap { ["-P", $0] }
    }

    /// Whether all threads of a process are traced.
    package static func isTraced(_ process: Int32) throws -> Bool {
        try Files.names(in: "/proc/\(process)/task").allSatisfy { thread in
            let status = Text.of("/proc/\(process)/task/\(thread)/status")
            return status.firstRange(of: "TracerPid:\t0\n") == nil
        }
    }

    /// How many calls were made to fail, by the tracer's own word; of kills it has none.
    package static func count(inLog log: String) -> Int {
        Text.of(log).ranges(of: "(INJECTED)").count
    }
}
