/// Writes counts, rates and durations the way people read them.
package enum Quantity {
    /// Writes a count with a comma each three digits, such as `1,234,567`.
    package static func grouped(_ count: Int) -> String {
        let digits = Array(String(count.magnitude))
        var text = count < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    /// Writes a count and its noun, such as `1 worker` or `1,234 workers`.
    package static func counted(_ count: Int, _ noun: String) -> String {
        "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// Writes a rate, such as `1,234 records/s`; below ten with one decimal, `0.4 records/s`.
    ///
    /// Units: `perSecond` of `noun` each second; a negative or infinite rate counts as none.
    package static func rate(_ perSecond: Double, _ noun: String) -> String {
        let bounded = perSecond.isFinite ? min(max(perSecond, 0), 1e15) : 0
        let tenths = Int((bounded * 10).rounded())
        let number =
            tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : grouped(Int(bounded.rounded()))
        return "\(number) \(noun)/s"
    }

    /// Writes a duration by its two largest units: `41 s`, `3 min 05 s`, `1 h 02 min`, `2 d 03 h`.
    ///
    /// Fractions of the smallest unit are cut off; a negative duration counts as none.
    package static func duration(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        if days > 0 { return "\(days) d \(twoDigits(hours % 24)) h" }
        if hours > 0 { return "\(hours) h \(twoDigits(minutes % 60)) min" }
        if minutes > 0 { return "\(minutes) min \(twoDigits(seconds % 60)) s" }
        return "\(seconds) s"
    }

    private static func twoDigits(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
