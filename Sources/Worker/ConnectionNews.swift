import Wire

/// What a worker tells people of its connection: when it stands, and when it has been away a while.
struct ConnectionNews {
    private var isKnownUp = false
    private var isKnownDown = false
    /// When the connection was last seen to stand, milliseconds.
    private var lastUp: Int

    /// Absence above which people are told, milliseconds.
    private static let absenceMax = 5_000

    init(now: Int) {
        lastUp = now
    }

    /// A sentence, once for each change; nil where there is nothing new.
    mutating func news(of coordinator: Endpoint, isWelcome: Bool, now: Int) -> String? {
        if isWelcome {
            lastUp = now
            isKnownDown = false
            guard !isKnownUp else { return nil }
            isKnownUp = true
            return "works for the coordinator at \(coordinator)"
        }
        guard !isKnownDown, now - lastUp > Self.absenceMax else { return nil }
        isKnownDown = true
        isKnownUp = false
        return "no coordinator answers at \(coordinator); still trying"
    }
}
