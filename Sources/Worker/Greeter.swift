/// When a worker greets its coordinator, as a pure state machine: at once, and then ever later.
///
/// No two workers greet at the same times, so that a coordinator that comes back is not buried in
/// greetings.
struct Greeter {
    /// Milliseconds on a monotonic clock.
    typealias Time = Int

    /// What is to be done now.
    enum Step {
        case nothing
        case greet
        /// Greet over a new socket, for the old connection may be dead without saying so.
        case greetAnew
        /// Nobody will come back.
        case leave
    }

    /// Whether a coordinator has answered the last greeting.
    private(set) var isWelcome = false
    private var lastHeard: Time
    /// When the socket was made.
    private var connectedAt: Time
    private var lastGreeting: Time
    private var due: Time
    private var interval = intervalMin
    private var chance: UInt64

    /// Coordinator's silence after which the socket is made anew.
    static let silenceLimit = 15_000
    /// The same until it has answered a greeting: a connection may need seconds to be made.
    static let greetingLimit = 30_000
    /// Time without a word of a coordinator after which the worker ends: a day.
    static let orphanLimit = 86_400_000
    /// The first and the longest time between two greetings, half of it more or less.
    static let intervalMin = 250, intervalMax = 16_000
    /// Greetings that the coordinator asks for have this time between them.
    static let resyncPause = 1_000

    /// - Parameter name: another one for every worker; it decides the times between greetings.
    init(name: String, now: Time) {
        (lastHeard, connectedAt, lastGreeting, due) = (now, now, now, now)
        // 64-bit FNV-1a.
        chance = name.utf8.reduce(0xCBF2_9CE4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
        }
    }

    /// Lets time pass; a greeting counts as made.
    mutating func step(now: Time) -> Step {
        if now - lastHeard > Self.orphanLimit { return .leave }
        let limit = isWelcome ? Self.silenceLimit : Self.greetingLimit
        let isSilent = now - max(lastHeard, connectedAt) > limit
        guard isWelcome ? isSilent : now >= due else { return .nothing }
        isWelcome = false
        greeted(now: now)
        guard isSilent else { return .greet }
        connectedAt = now
        return .greetAnew
    }

    /// A greeting is on its way.
    mutating func greeted(now: Time) {
        lastGreeting = now
        due = now + pause()
    }

    /// Any message of the coordinator has come.
    mutating func heard(now: Time) { lastHeard = now }

    /// The coordinator has taken the worker up.
    mutating func welcomed() {
        isWelcome = true
        interval = Self.intervalMin
    }

    /// The coordinator does not know this worker: whether to greet now.
    ///
    /// Each message of an old life is answered so, and one greeting is enough.
    mutating func forgotten(now: Time) -> Bool {
        guard isWelcome || now - lastGreeting >= Self.resyncPause else { return false }
        isWelcome = false
        greeted(now: now)
        return true
    }

    /// The coordinator wants no greeting before that time; until then it owes no word.
    mutating func postpone(until time: Time) { (due, lastHeard) = (time, time) }

    /// The greeting could not be sent: the next one is due as soon as it can.
    mutating func notSent() {
        due = lastGreeting
        interval = Self.intervalMin
    }

    private mutating func pause() -> Int {
        defer { interval = min(2 * interval, Self.intervalMax) }
        chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return interval / 2 + Int(chance >> 33) % interval
    }
}
