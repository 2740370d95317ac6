import Synchronization

/// Work in pieces that need not wait for each other, shared among threads.
package enum Parallel {
    /// Runs `body` once for each number below `count`, lowest first, and returns when all are done.
    ///
    /// - Parameter threads: at most so many, the caller's among them; fewer where the system
    ///   refuses to start more.
    package static func each(
        _ count: Int,
        threads: Int,
        _ body: @Sendable (Int) -> Void
    ) {
        withoutActuallyEscaping(body) { body in
            let work = Work(count: count, body: body)
            var helpers: [OSThread] = []
            for _ in 1..<max(1, min(threads, count)) {
                guard let helper = try? OSThread(oneOfMany: "loader", body: { work.run() })
                else { break }
                helpers.append(helper)
            }
            work.run()
            for helper in helpers { helper.join() }
        }
    }

    /// The values of `body` for each number below `count`, in order; the first failure of these.
    package static func map<Value: Sendable, Failure: Error>(
        _ count: Int,
        threads: Int,
        _ body: @Sendable (Int) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        let results = Mutex([Result<Value, Failure>?](repeating: nil, count: count))
        each(count, threads: threads) { number in
            let result = Result { () throws(Failure) in try body(number) }
            results.withLock { $0[number] = result }
        }
        var values: [Value] = []
        for result in results.withLock({ $0 }) { if let result { values.append(try result.get()) } }
        return values
    }

    private final class Work: Sendable {
        private let next = Atomic(0)
        private let count: Int
        private let body: @Sendable (Int) -> Void

        init(count: Int, body: @escaping @Sendable (Int) -> Void) {
            self.count = count
            self.body = body
        }

        func run() {
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < count else { return }
                body(number)
            }
        }
    }
}
