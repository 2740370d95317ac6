import Platform

/// How long something takes.
enum MedianTime {
    /// The median of runs that take about `duration` seconds in all, after one that does not count.
    static func seconds<Failure>(
        for duration: Double,
        _ work: () throws(Failure) -> Void
    ) throws(Failure) -> Double {
        try work()
        var times: [Double] = []
        let began = MonotonicClock.nanoseconds()
        repeat {
            let start = MonotonicClock.nanoseconds()
            try work()
            times.append(Double(MonotonicClock.nanoseconds() - start) / 1e9)
        } while Double(MonotonicClock.nanoseconds() - began) / 1e9 < duration
        times.sort()
        return times[times.count / 2]
    }
}

/// Numbers that are the same in every run.
struct Draw {
    var state: UInt64

    /// The upper bits of the next number of a linear congruence.
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    /// From 0 to 1.
    mutating func share() -> Float { Float(next()) / Float(1 << 31) }
}
