import CLinux
import Glibc
package import Platform
import Synchronization

/// Stands between workers and a coordinator, and does to their connections what networks do.
///
/// One thread, plain sockets and poll. What it does is changed while it runs, by any thread but its
/// own; an order holds for connections that stand as for new ones, and stands when it returns.
package final class FaultProxy: Sendable {
    private let shared: ProxyOrders
    private let thread: Mutex<OSThread?>

    /// Where it listens, as tcp://HOST:PORT.
    package let endpoint: String

    /// Listens on any free port of an address of this machine.
    ///
    /// - Parameters:
    ///   - target: the coordinator's endpoint, on this machine: tcp://127.0.0.1:PORT.
    ///   - address: where workers connect to; in numbers.
    ///   - seed: of the jitter.
    package init(
        to target: String,
        on address: String = "127.0.0.1",
        seed: UInt64 = 1
    ) throws(SystemCallError) {
        let shared = try ProxyOrders()
        let coordinator = try TCPAddress(endpoint: target)
        let listener = try TCPSocket.listening(on: TCPAddress(host: address, port: 0))
        let own = try listener.address()
        self.shared = shared
        endpoint = "tcp://\(own)"
        // The loop is made on its own thread, which alone ever sees its sockets.
        let raw = listener.release()
        let started = OSThread(name: "proxy") {
            var loop = ProxyLoop(shared, listener: raw, own: own, to: coordinator, seed: seed)
            loop.run()
            // Whoever gives orders now shall not wait.
            shared.show(shared.counts, obeyed: .max)
        }
        thread = Mutex(started)
    }

    /// Changes what it does from now on.
    package func steer(_ change: (inout LinkState) -> Void) {
        shared.give { change(&$0.state) }
    }

    /// Does nothing to connections from now on, new ones or those that stand.
    package func heal() {
        steer { $0 = LinkState() }
    }

    /// Ends all connections as a machine does that knows nothing of them.
    package func resetAll() {
        shared.give { $0.resets += 1 }
    }

    /// What has gone through so far.
    package var counts: LinkCounts { shared.counts }

    /// Closes all connections, stops to listen and joins the thread; later calls do nothing.
    package func stop() {
        shared.give { $0.isStopping = true }
        thread.withLock { thread -> OSThread? in
            defer { thread = nil }
            return thread
        }?.join()
    }
}

/// What a proxy's loop shares with those who steer it.
final class ProxyOrders: Sendable {
    struct Orders {
        var state = LinkState()
        /// How often all connections were to be reset.
        var resets = 0
        var isStopping = false
    }

    private let orders = Mutex((given: Orders(), number: 0))
    /// The number of the orders that are carried out.
    private let obeyed = Atomic(0)
    private let shown = Mutex(LinkCounts())
    /// Readable while there may be new orders.
    let wakeUp: Int32

    init() throws(SystemCallError) {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else { throw SystemCallError("make", "an eventfd") }
    }

    deinit { close(wakeUp) }

    /// Gives orders, and waits until they are carried out or the loop has ended.
    func give(_ change: (inout Orders) -> Void) {
        let number = orders.withLock { orders in
            change(&orders.given)
            orders.number += 1
            return orders.number
        }
        var one: UInt64 = 1
        _ = write(wakeUp, &one, MemoryLayout<UInt64>.size)
        while obeyed.load(ordering: .acquiring) < number { poll(nil, 0, 1) }
    }

    /// The orders that stand, and their number; the loop's thread.
    func read() -> (orders: Orders, number: Int) {
        var count: UInt64 = 0
        _ = Glibc.read(wakeUp, &count, MemoryLayout<UInt64>.size)
        return orders.withLock { ($0.given, $0.number) }
    }

    /// Shows what has come of the orders of that number; the loop's thread.
    func show(_ counts: LinkCounts, obeyed number: Int) {
        shown.withLock { $0 = counts }
        obeyed.store(number, ordering: .releasing)
    }

    var counts: LinkCounts { shown.withLock { $0 } }
}
