import Glibc
import Platform
import TestSupport

/// The thread of a proxy: all its sockets are here.
struct ProxyLoop {
    private let shared: ProxyOrders
    private let own: TCPAddress
    private let target: TCPAddress
    private var listener: Int32
    private var connections: [ProxiedConnection] = []
    private var random: SplitMix
    private var counts = LinkCounts()
    private var state = LinkState()
    private var resets = 0
    /// Until when nobody is let in, as the system had no more descriptors.
    private var crowdedUntil: UInt64 = 0

    /// How soon what the system refused is tried again, nanoseconds.
    private static let pause: UInt64 = 100_000_000

    init(
        _ shared: ProxyOrders,
        listener: Int32,
        own: TCPAddress,
        to target: TCPAddress,
        seed: UInt64
    ) {
        self.shared = shared
        self.listener = listener
        self.own = own
        self.target = target
        random = SplitMix(state: seed)
    }

    /// Serves until it is told to stop.
    mutating func run() {
        while true {
            let (orders, number) = shared.read()
            if orders.isStopping { break }
            obey(orders)
            counts.open = connections.count
            shared.show(counts, obeyed: number)
            turn()
        }
        if listener >= 0 { close(listener) }
        connections = []
    }

    private mutating func obey(_ orders: ProxyOrders.Orders) {
        state = orders.state
        if orders.resets != resets {
            resets = orders.resets
            counts.reset += connections.count
            for connection in connections { connection.reset() }
            connections = []
        }
        for connection in connections { connection.lose(state, &counts) }
        if state.door == .refusing, listener >= 0 {
            close(listener)
            listener = -1
        } else if state.door != .refusing, listener < 0 {
            // Somebody may have taken the port; then it is tried again.
            listener = (try? TCPSocket.listening(on: own))?.release() ?? -1
        }
    }

    private mutating func turn() {
        let before = MonotonicClock.nanoseconds()
        let lets = !state.isCut && before >= crowdedUntil
        var items = [
            pollfd(fd: shared.wakeUp, events: Int16(POLLIN), revents: 0),
            pollfd(fd: lets ? listener : -1, events: Int16(POLLIN), revents: 0),
        ]
        for connection in connections { items += connection.interests(state, now: before) }
        poll(&items, nfds_t(items.count), timeout(now: before))
        let now = MonotonicClock.nanoseconds()
        var broken: [Int] = []
        for (index, connection) in connections.enumerated() {
            let isReady = items[2 * index + 2].revents != 0 || items[2 * index + 3].revents != 0
            guard isReady || connection.isDue(state, now: now) else { continue }
            if !connection.move(state, now: now, &random, &counts) { broken.append(index) }
        }
        for index in broken { connections[index].reset() }
        counts.reset += broken.count
        connections.removeAll { $0.isOver }
        if items[1].revents != 0 { letIn(now: now) }
    }

    /// Milliseconds until something is to be done without being asked.
    private func timeout(now: UInt64) -> Int32 {
        var next = connections.compactMap { $0.nextTime(state, now: now) }.min()
        let isWaiting = now < crowdedUntil || state.door != .refusing && listener < 0
        if isWaiting { next = min(next ?? .max, now + Self.pause) }
        guard let next else { return -1 }
        return next <= now ? 0 : Int32(clamping: (next - now + 999_999) / 1_000_000)
    }

    private mutating func letIn(now: UInt64) {
        while true {
            do throws(SystemCallError) {
                guard let client = try Self.accept(listener) else { return }
                counts.accepted += 1
                let server =
                    state.door == .mute
                    ? -1 : try TCPSocket.connecting(to: target).release()
                connections.append(ProxiedConnection(client: client, server: server))
                connections.last?.lose(state, &counts)
            } catch {
                crowdedUntil = now + Self.pause
                return
            }
        }
    }

    private static func accept(_ listener: Int32) throws(SystemCallError) -> Int32? {
        try TCPSocket.accept(listener)?.release()
    }
}

/// A worker's connection and the one that was made for it.
final class ProxiedConnection {
    private var client: Int32
    private var server: Int32
    private var toServer: ByteStream
    private var toClient: ByteStream

    /// - Parameter server: -1 where nobody is there to hear or answer.
    init(client: Int32, server: Int32) {
        self.client = client
        self.server = server
        toServer = ByteStream(from: client, to: server, \.toCoordinator)
        toClient = ByteStream(from: server, to: client, \.toWorkers)
    }

    deinit {
        if client >= 0 { close(client) }
        if server >= 0 { close(server) }
    }

    /// Whether it has come to its end.
    var isOver: Bool { client < 0 || toServer.isOver && toClient.isOver }

    /// Closes both ends at once.
    func reset() {
        TCPSocket.reset(client)
        TCPSocket.reset(server)
        (client, server) = (-1, -1)
    }

    /// Loses what it must by the state of the link.
    func lose(_ state: LinkState, _ counts: inout LinkCounts) {
        if !toServer.isLost, server < 0 || state.toCoordinator.flow == .swallowed {
            toServer.lose(&counts)
        }
        if !toClient.isLost, state.toWorkers.flow == .swallowed { toClient.lose(&counts) }
    }

    /// What to wait for at either end; an end without a wish must not wake anybody.
    func interests(_ state: LinkState, now: UInt64) -> [pollfd] {
        [
            Self.interest(
                client,
                bytes: toServer.wantsBytes(state.toCoordinator),
                room: toClient.wantsRoom(state.toWorkers, now: now)
            ),
            Self.interest(
                server,
                bytes: toClient.wantsBytes(state.toWorkers),
                room: toServer.wantsRoom(state.toCoordinator, now: now)
            ),
        ]
    }

    private static func interest(_ raw: Int32, bytes: Bool, room: Bool) -> pollfd {
        let events = Int16(bytes ? POLLIN : 0) | Int16(room ? POLLOUT : 0)
        return pollfd(fd: events == 0 ? -1 : raw, events: events, revents: 0)
    }

    /// When it has something to do that no socket tells.
    func nextTime(_ state: LinkState, now: UInt64) -> UInt64? {
        let times = [
            toServer.nextTime(state.toCoordinator, now: now),
            toClient.nextTime(state.toWorkers, now: now),
        ]
        return times.compactMap { $0 }.min()
    }

    /// Whether that is now.
    func isDue(_ state: LinkState, now: UInt64) -> Bool {
        nextTime(state, now: now).map { $0 <= now } ?? false
    }

    /// Reads and writes what can be.
    ///
    /// - Returns: whether the connection still stands.
    func move(
        _ state: LinkState,
        now: UInt64,
        _ random: inout SplitMix,
        _ counts: inout LinkCounts
    ) -> Bool {
        toServer.take(state.toCoordinator, now: now, &random, &counts)
            && toClient.take(state.toWorkers, now: now, &random, &counts)
            && toServer.give(state.toCoordinator, now: now, &counts)
            && toClient.give(state.toWorkers, now: now, &counts)
    }
}
