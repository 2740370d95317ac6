/// What a link does to the bytes of one direction.
package struct LinkFault: Sendable, Equatable {
    /// Whether bytes go through.
    package enum Flow: Sendable {
        /// They do.
        case open
        /// They wait, as where packets are lost: once it is open again, TCP sends them anew.
        case held
        /// They vanish, and so does all that follows on the same connection: it is half open.
        case swallowed
    }

    /// Whether bytes go through.
    package var flow = Flow.open
    /// How long bytes are under way.
    package var delay: Duration = .zero
    /// How much longer some are, at most; drawn anew for what is read at once.
    package var jitter: Duration = .zero
    /// Bytes of a connection that go through in a second, each sent alone; nil for as they come.
    package var bytesPerSecond: Int?

    /// A link that does nothing to bytes.
    package init() {}
}

/// What a proxy does at one time.
package struct LinkState: Sendable, Equatable {
    /// What becomes of those who connect.
    package enum Door: Sendable {
        /// They reach the coordinator.
        case open
        /// They are refused by the system: nobody listens.
        case refusing
        /// They are let in, and nothing they say is heard or answered, ever.
        case mute
    }

    /// What becomes of those who connect from now on.
    package var door = Door.open
    /// The way from workers to the coordinator.
    package var toCoordinator = LinkFault()
    /// The way from the coordinator to workers.
    package var toWorkers = LinkFault()

    /// A proxy that does nothing but forward.
    package init() {}

    /// Whether nobody can connect for want of a way there or back; it takes both.
    var isCut: Bool { toCoordinator.flow == .held || toWorkers.flow == .held }

    /// Has both directions do the same.
    package mutating func bothWays(_ change: (inout LinkFault) -> Void) {
        change(&toCoordinator)
        change(&toWorkers)
    }
}

/// What has gone through a proxy since it began.
package struct LinkCounts: Sendable, Equatable {
    /// Connections that were let in.
    package internal(set) var accepted = 0
    /// Those of them that stand.
    package internal(set) var open = 0
    /// Those that were reset: asked for, or as one of the ends was gone.
    package internal(set) var reset = 0
    /// Bytes that reached the coordinator's side.
    package internal(set) var toCoordinator = 0
    /// Bytes that reached the workers' side.
    package internal(set) var toWorkers = 0
    /// Bytes that vanished, of both directions.
    package internal(set) var swallowed = 0

    /// Nothing yet.
    package init() {}
}
